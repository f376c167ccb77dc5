#include "paddle/tensor/scope.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace paddle {
namespace {

TEST(ScopeTest, FindsInParents) {
  Scope scope;
  Scope& child = scope.NewChild();
  Variable& variable = scope.Var("x");
  EXPECT_EQ(child.Find("x"), &variable);
  EXPECT_EQ(child.FindLocal("x"), nullptr);
  EXPECT_NE(&child.Var("x"), &variable);
  EXPECT_TRUE(child.Erase("x"));
  EXPECT_EQ(child.Find("x"), &variable);
}

TEST(ScopeTest, VersionsNeverRepeat) {
  std::set<uint64_t> versions;
  for (int i = 0; i < 10; ++i) {
    Scope scope;  // at the same address each time
    scope.Var("x");
    EXPECT_TRUE(versions.insert(scope.structure_version()).second);
  }
}

TEST(ScopeTest, VersionsSeeParents) {
  Scope scope;
  Scope& child = scope.NewChild();
  const uint64_t before = child.structure_version();
  scope.Var("x");
  EXPECT_NE(child.structure_version(), before);
}

TEST(ScopeTest, ErasedVariablesLiveWhileHeld) {
  Scope scope;
  scope.Var("x").get<Tensor>() = Tensor({2}, DType::kFloat32);
  const auto held = scope.ShareLocal("x");
  scope.Erase("x");
  EXPECT_EQ(scope.Find("x"), nullptr);
  EXPECT_EQ(held->get<Tensor>().numel(), 2);
}

TEST(ScopeTest, ManyThreads) {
  Scope scope;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&scope, t] {
      for (int i = 0; i < 200; ++i) {
        scope.Var(std::to_string(i));
        scope.NewChild().Find(std::to_string(i));
        if (t == 0 && i % 50 == 0) scope.LocalNames();
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(scope.LocalNames().size(), 200u);
}

TEST(ScopeTest, RandomState) {
  Scope scope;
  scope.set_random_state(7, 3);
  EXPECT_EQ(scope.NextRandomStep().step, 3u);
  EXPECT_EQ(scope.random_state().step, 4u);
  EXPECT_EQ(scope.random_state().seed, 7u);
}

}  // namespace
}  // namespace paddle
