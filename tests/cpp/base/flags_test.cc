#include "paddle/base/flags.h"

#include <gtest/gtest.h>

#include "paddle/base/errors.h"

namespace paddle {
namespace {

TEST(FlagsTest, SetAndGet) {
  SetFlag("FLAGS_check_nan_inf", "1");
  EXPECT_TRUE(CheckNanInfEnabled());
  EXPECT_EQ(GetFlag("check_nan_inf"), "1");
  SetFlag("check_nan_inf", "0");
  EXPECT_FALSE(CheckNanInfEnabled());
}

TEST(FlagsTest, BadValuesChangeNothing) {
  EXPECT_THROW(SetFlag("memory_limit_mb", "much"), InvalidArgument);
  EXPECT_EQ(MemoryLimitBytes(), 0u);
  EXPECT_THROW(GetFlag("nosuch"), NotFound);
}

TEST(FlagsTest, WhatMeansYes) {
  for (const char* yes : {"1", "true", "True", "2"}) EXPECT_TRUE(IsOn(yes)) << yes;
  for (const char* no : {"", "0", "false", "False"}) EXPECT_FALSE(IsOn(no)) << no;
  EXPECT_TRUE(IsOn(GetFlag("fuse_recurrent_cells")));
}

TEST(FlagsTest, FluidsFlagsAreAccepted) { EXPECT_NO_THROW(SetFlag("eager_delete_tensor_gb", "0.0")); }

TEST(ErrorsTest, ContextKeepsTheType) {
  try {
    try {
      throw NotFound("missing");
    } catch (const std::exception& error) {
      RethrowWithContext(error, " in op 'x'");
    }
  } catch (const NotFound& error) {
    EXPECT_STREQ(error.what(), "missing in op 'x'");
    return;
  }
  FAIL();
}

}  // namespace
}  // namespace paddle
