// Goal: the error catalogue and Result carry values, errors and texts. Method: direct calls.
#include "base/result.h"

#include <gtest/gtest.h>

namespace agena {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return Error{Errc::bad_field, "odd"};
  return n / 2;
}
Result<int> quarter(int n) {
  TRY(h, half(n));
  return half(h);
}

TEST(Result, TryPassesValuesAndErrorsOn) {
  EXPECT_EQ(*quarter(8), 2);
  ASSERT_FALSE(quarter(6));
  EXPECT_EQ(quarter(6).error().remark(), "odd");
}

TEST(Result, CatalogueGivesCodeAndRemark) {
  Error error{Errc::topic_not_exist, {}};
  EXPECT_EQ(error.response_code(), 17);
  EXPECT_EQ(error.remark(), "topic not exist");
  EXPECT_EQ(describe(Error{Errc::bad_field, "x"}), "bad_field: x");
}

TEST(Result, EveryErrorHasAHint) {
  for (int i = 1; i < errc_count(); ++i) {  // 0 is no error.
    const ErrcInfo& info = errc_info(static_cast<Errc>(i));
    const std::string_view hint = info.hint;
    EXPECT_GT(hint.size(), 10u) << info.name;
    EXPECT_TRUE(hint.ends_with('.')) << info.name;
  }
}

TEST(Result, StatusIsOkByDefault) {
  EXPECT_TRUE(ok());
  Status bad = Errc::io_error;
  EXPECT_FALSE(bad);
}

}  // namespace
}  // namespace agena
