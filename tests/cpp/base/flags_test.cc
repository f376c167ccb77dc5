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

TEST(FlagsTest, PassesAreSkippedByName) {
  const uint64_t version = PassesVersion();
  SetFlag("skip_passes", "one,another");
  EXPECT_TRUE(SkipsPass("one") && SkipsPass("another"));
  EXPECT_FALSE(SkipsPass("other") || SkipsPass("on"));
  EXPECT_NE(PassesVersion(), version);
  SetFlag("skip_passes", "");
  EXPECT_FALSE(SkipsPass("one"));
}

TEST(FlagsTest, PlansAreMadeAgainForRecomputedGates) {
  const uint64_t version = PassesVersion();
  SetFlag("recompute_gates", "1");
  EXPECT_TRUE(RecomputeGatesEnabled());
  EXPECT_NE(PassesVersion(), version);
  SetFlag("recompute_gates", "0");
  EXPECT_FALSE(RecomputeGatesEnabled());
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
