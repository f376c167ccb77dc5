// Damaged program files end in an exception, never in a crash: parsed, planned and run.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "paddle/base/flags.h"
#include "paddle/runtime/executor.h"
#include "tests/cpp/fuzz/mutate.h"
#include "tests/cpp/runtime/toy_ops.h"

namespace paddle {
namespace {

std::string ToyProgram() {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  block.Var("x").set_shape({-1});
  toy::Append(block, "toy_add", {{"X", {"x"}}, {"Y", {"x"}}}, {{"Out", {"a"}}});
  BlockDesc& sub = program.AppendBlock(block);
  toy::Append(sub, "toy_add", {{"X", {"a"}}, {"Y", {"x"}}}, {{"Out", {"a"}}});
  toy::Append(block, "toy_if", {{"Cond", {"x"}}, {"Input", {"x"}}}, {{"Out", {"a"}}}).SetAttr("sub_block", BlockRef{1});
  OpDesc& fill = toy::Append(block, "toy_fill", {}, {{"Out", {"f"}}});
  fill.SetAttr("shape", std::vector<int64_t>{2});
  fill.SetAttr("value", 1.0f);
  toy::Append(block, "toy_positive", {{"X", {"f"}}}, {{"Out", {"p"}}});
  toy::Append(block, "toy_increment", {{"X", {"p"}}}, {{"Out", {"q"}}});
  toy::Append(block, "toy_add", {{"X", {"a"}}, {"Y", {"q"}}}, {{"Out", {"r"}}});
  return program.Serialize();
}

// The toy program, and real ones from the test data.
std::vector<std::string> Seeds() {
  std::vector<std::string> seeds{ToyProgram()};
  const std::filesystem::path folder = std::filesystem::path(__FILE__).parent_path() / "../../python/data/programs";
  if (std::filesystem::exists(folder))
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      std::ifstream file(entry.path(), std::ios::binary);
      if (entry.is_regular_file())
        seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
  return seeds;
}

TEST(MutatedPrograms, EndInExceptionsOnly) {
  SetFlag("memory_limit_mb", "256");
  const auto seeds = Seeds();
  int parsed = 0, ran = 0;
  for (uint32_t i = 0; i < 10000; ++i) {
    const std::string bytes = fuzz::Mutate(seeds[i % seeds.size()], i);
    try {
      const auto program = ProgramDesc::Parse(bytes);
      ++parsed;
      ToText(*program, true);
      EXPECT_EQ(ProgramDesc::Parse(program->Serialize())->Serialize(), program->Serialize());
      if (i % seeds.size() != 0) continue;  // only the toy program's ops are in this binary for sure
      Executor executor;
      Scope scope;
      const std::vector<Feed> feeds{{"x", toy::MakeTensor({1, 2})}};
      executor.Run(*program, scope, feeds, {"r"});
      ++ran;
    } catch (const Error&) {
    }
  }
  SetFlag("memory_limit_mb", "0");
  EXPECT_GT(parsed, 0);
  EXPECT_GT(ran, 0);
}

}  // namespace
}  // namespace paddle
