#include "message/compression.h"

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>

#include "base/assert.h"
#include "message/sys_flag.h"

namespace agena::message {
namespace {

// zstd allocates the window that a frame's header asks for. Levels up to 19 ask for 8 MiB at most.
constexpr int kZstdWindowLogMax = 25;
constexpr size_t kChunkMin = 4096;
constexpr size_t kChunkMax = size_t{1} << 20;

Error damaged(const char* why) {
  return {Errc::corrupt, std::string("the compressed data is damaged: ") + why};
}
Error library_failed(const char* why) {
  return {Errc::system_error, std::string("compression failed: ") + why};
}

// Hands out room at the end of a buffer and counts what was made of it. There is always room for
// one byte more than allowed, so that output that ends exactly at the limit is told from more.
class Sink {
 public:
  Sink(Buffer& out, size_t packed_size, const InflateLimits& limits)
      : out_(out), begin_(out.size()), next_(std::clamp(packed_size * 4, kChunkMin, kChunkMax)) {
    size_t by_ratio = packed_size > std::numeric_limits<size_t>::max() / limits.ratio_max
                          ? limits.bytes_max
                          : packed_size * limits.ratio_max;
    limit_ = std::min(limits.bytes_max, std::max(by_ratio, limits.any_ratio_bytes));
  }

  MutableBytes room() {
    ASSERT(made_ <= limit_, "the caller stops at the limit");
    size_t size = std::min(next_, limit_ + 1 - made_);
    next_ = std::min(next_ * 2, kChunkMax);
    return {out_.extend(size), size};
  }
  void keep(size_t count) {
    made_ += count;
    out_.truncate(begin_ + made_);
  }
  bool is_over() const { return made_ > limit_; }
  Error refusal() const {
    return {Errc::limit_exceeded,
            "decompressed data is larger than " + std::to_string(limit_) + " bytes"};
  }

 private:
  Buffer& out_;
  size_t begin_;
  size_t next_;
  size_t limit_ = 0;
  size_t made_ = 0;
};

Status inflate_zlib(Bytes packed, Sink& sink) {
  if (packed.size() > std::numeric_limits<uInt>::max()) return damaged("too long");
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return library_failed("no memory");
  std::unique_ptr<z_stream, int (*)(z_stream*)> closes(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  for (;;) {
    MutableBytes room = sink.room();
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = static_cast<uInt>(room.size());
    int code = ::inflate(&stream, Z_NO_FLUSH);
    size_t made = room.size() - stream.avail_out;
    sink.keep(made);
    if (sink.is_over()) return sink.refusal();
    if (code == Z_STREAM_END) return ok();
    if (code != Z_OK) return damaged(code == Z_BUF_ERROR ? "it ends early" : "not zlib data");
    if (made == 0 && stream.avail_in == 0) return damaged("it ends early");
  }
}

Status inflate_lz4(Bytes packed, Sink& sink) {
  LZ4F_dctx* made_context = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&made_context, LZ4F_VERSION))) {
    return library_failed("no memory");
  }
  std::unique_ptr<LZ4F_dctx, LZ4F_errorCode_t (*)(LZ4F_dctx*)> context(
      made_context, LZ4F_freeDecompressionContext);
  for (;;) {
    MutableBytes room = sink.room();
    size_t made = room.size();
    size_t eaten = packed.size();
    size_t hint =
        LZ4F_decompress(context.get(), room.data(), &made, packed.data(), &eaten, nullptr);
    if (LZ4F_isError(hint)) return damaged("not an LZ4 frame");
    sink.keep(made);
    packed = packed.subspan(eaten);
    if (sink.is_over()) return sink.refusal();
    // 0 ends a frame; another one may follow.
    if (hint == 0 && packed.empty()) return ok();
    if (made == 0 && eaten == 0) return damaged("it ends early");
  }
}

Status inflate_zstd(Bytes packed, Sink& sink) {
  std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  if (!context) return library_failed("no memory");
  size_t set = ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kZstdWindowLogMax);
  ASSERT(!ZSTD_isError(set));
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  for (;;) {
    MutableBytes room = sink.room();
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    size_t eaten_before = in.pos;
    size_t hint = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(hint)) return damaged(ZSTD_getErrorName(hint));
    sink.keep(out.pos);
    if (sink.is_over()) return sink.refusal();
    if (hint == 0 && in.pos == in.size) return ok();
    if (out.pos == 0 && in.pos == eaten_before) return damaged("it ends early");
  }
}

Status deflate_zlib(Bytes plain, int level, Buffer& out) {
  uLongf size = compressBound(plain.size());
  const size_t begin = out.size();
  auto* to = reinterpret_cast<Bytef*>(out.extend(size));
  int code =
      compress2(to, &size, reinterpret_cast<const Bytef*>(plain.data()), plain.size(), level);
  out.truncate(begin + (code == Z_OK ? size : 0));
  return code == Z_OK ? ok() : Status(library_failed("zlib"));
}

Status deflate_lz4(Bytes plain, Buffer& out) {
  LZ4F_preferences_t wishes{};
  // Java's reader refuses blocks that lean on earlier ones.
  wishes.frameInfo.blockMode = LZ4F_blockIndependent;
  const size_t begin = out.size();
  const size_t bound = LZ4F_compressFrameBound(plain.size(), &wishes);
  size_t size = LZ4F_compressFrame(out.extend(bound), bound, plain.data(), plain.size(), &wishes);
  bool failed = LZ4F_isError(size) != 0;
  out.truncate(begin + (failed ? 0 : size));
  return failed ? Status(library_failed("lz4")) : ok();
}

Status deflate_zstd(Bytes plain, int level, Buffer& out) {
  const size_t begin = out.size();
  const size_t bound = ZSTD_compressBound(plain.size());
  size_t size = ZSTD_compress(out.extend(bound), bound, plain.data(), plain.size(), level);
  bool failed = ZSTD_isError(size) != 0;
  out.truncate(begin + (failed ? 0 : size));
  return failed ? Status(library_failed("zstd")) : ok();
}

}  // namespace

Result<Compression> compression_of(int32_t sys_flag) {
  switch (sys_flag & sys_flag::compression_mask) {
    case 0:
    case sys_flag::compression_zlib:
      return Compression::zlib;
    case sys_flag::compression_lz4:
      return Compression::lz4;
    case sys_flag::compression_zstd:
      return Compression::zstd;
    default:
      return Error{Errc::bad_field,
                   "unknown compression type in sysFlag " + std::to_string(sys_flag)};
  }
}

int32_t compression_bits(Compression kind) {
  switch (kind) {
    case Compression::zlib:
      return sys_flag::compression_zlib;
    case Compression::lz4:
      return sys_flag::compression_lz4;
    case Compression::zstd:
      return sys_flag::compression_zstd;
  }
  ASSERT(false, "every kind has its bits");
}

Status inflate(Compression kind, Bytes packed, const InflateLimits& limits, Buffer& out) {
  ASSERT(limits.ratio_max > 0);
  if (packed.empty()) return damaged("it is empty");
  const size_t begin = out.size();
  Sink sink(out, packed.size(), limits);
  Status done = kind == Compression::zlib  ? inflate_zlib(packed, sink)
                : kind == Compression::lz4 ? inflate_lz4(packed, sink)
                                           : inflate_zstd(packed, sink);
  if (!done) out.truncate(begin);
  return done;
}

Status deflate(Compression kind, Bytes plain, int level, Buffer& out) {
  switch (kind) {
    case Compression::zlib:
      return deflate_zlib(plain, level, out);
    case Compression::lz4:
      return deflate_lz4(plain, out);
    case Compression::zstd:
      return deflate_zstd(plain, level, out);
  }
  ASSERT(false, "every kind has its library");
}

}  // namespace agena::message
