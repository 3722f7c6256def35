// Goal: Java's compressed bodies open, ours come back whole, and bombs stop at the limits.
// Method: bytes that RocketMQ 5.5.0 packed; round trips of many sizes; cuts; packed zeros.
#include "message/compression.h"

#include <gtest/gtest.h>

#include "message/sys_flag.h"

namespace agena::message {
namespace {

constexpr Compression kKinds[] = {Compression::zlib, Compression::lz4, Compression::zstd};

std::string from_hex(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i < hex.size(); i += 2) {
    out.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

Result<std::string> unpack(Compression kind, std::string_view packed, InflateLimits limits = {}) {
  Buffer out;
  out.append(std::string_view("kept"));
  Status status = inflate(kind, as_bytes(packed), limits, out);
  if (!status) {
    EXPECT_EQ(as_text(out.view()), "kept");
    return status.error();
  }
  return std::string(as_text(out.view()).substr(4));
}

std::string pack(Compression kind, std::string_view plain) {
  Buffer out;
  EXPECT_TRUE(deflate(kind, as_bytes(plain), 5, out));
  return std::string(as_text(out.view()));
}

TEST(Compression, OpensWhatJavaPacked) {
  const std::string plain = "agena agena agena agena agena agena agena agena";
  EXPECT_EQ(*unpack(Compression::zlib, from_hex("785E4B4C4FCD4B544824960400920610C1")), plain);
  EXPECT_EQ(
      *unpack(Compression::lz4, from_hex("04224D18607073100000006F6167656E6120060011506167656E"
                                         "6100000000")),
      plain);
  EXPECT_EQ(
      *unpack(Compression::zstd, from_hex("28B52FFD0058640000306167656E61200100029522010000")),
      plain);
}

TEST(Compression, RoundTrips) {
  std::string text;
  uint32_t noise = 1;
  for (size_t size : {0u, 1u, 4095u, 4096u, 70'000u, 3'000'000u}) {
    while (text.size() < size) {
      noise = noise * 1'664'525 + 1'013'904'223;
      text.push_back(static_cast<char>(noise >> 24));
      if (noise % 3 != 0) text.push_back('a');
    }
    text.resize(size);
    for (Compression kind : kKinds) {
      Result<std::string> back = unpack(kind, pack(kind, text));
      ASSERT_TRUE(back) << static_cast<int>(kind) << " " << size << back.error().text;
      EXPECT_EQ(*back, text);
    }
  }
}

TEST(Compression, CutAndGarbledInputIsRefused) {
  const std::string plain(10'000, 'a');
  for (Compression kind : kKinds) {
    const std::string packed = pack(kind, plain);
    for (size_t size = 0; size < packed.size(); ++size) {
      Result<std::string> back = unpack(kind, packed.substr(0, size));
      ASSERT_FALSE(back) << static_cast<int>(kind) << " " << size;
      EXPECT_EQ(back.error().code, Errc::corrupt);
    }
    EXPECT_FALSE(unpack(kind, "this was never packed at all"));
  }
}

TEST(Compression, StopsAtTheLimits) {
  const std::string zeros(1'000'000, '\0');
  for (Compression kind : kKinds) {
    const std::string packed = pack(kind, zeros);
    ASSERT_LT(packed.size() * 100, zeros.size());
    EXPECT_TRUE(unpack(kind, packed));  // An ordinary size: any ratio passes.
    EXPECT_TRUE(unpack(kind, packed, {.bytes_max = 1'000'000}));
    EXPECT_EQ(unpack(kind, packed, {.bytes_max = 999'999}).error().code, Errc::limit_exceeded);
    EXPECT_EQ(unpack(kind, packed, {.any_ratio_bytes = 0}).error().code, Errc::limit_exceeded);
    EXPECT_TRUE(unpack(kind, packed, {.ratio_max = 100'000, .any_ratio_bytes = 0}));
  }
}

TEST(Compression, FramesThatFollowEachOtherAreOneBody) {
  for (Compression kind : {Compression::lz4, Compression::zstd}) {
    EXPECT_EQ(*unpack(kind, pack(kind, "first ") + pack(kind, "second")), "first second");
  }
}

TEST(Compression, KindFromSysFlag) {
  EXPECT_EQ(*compression_of(0x1), Compression::zlib);
  EXPECT_EQ(*compression_of(0x301), Compression::zlib);
  EXPECT_EQ(*compression_of(0x101), Compression::lz4);
  EXPECT_EQ(*compression_of(0x231), Compression::zstd);
  EXPECT_EQ(compression_of(0x401).error().code, Errc::bad_field);
  for (Compression kind : kKinds) {
    EXPECT_EQ(*compression_of(sys_flag::compressed | compression_bits(kind)), kind);
  }
}

}  // namespace
}  // namespace agena::message
