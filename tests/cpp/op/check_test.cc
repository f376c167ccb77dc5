#include "paddle/op/check.h"

#include <gtest/gtest.h>

#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct ToyAttrs {
  int32_t axis = -1;
  std::vector<float> scales;
  std::string mode;
  static auto Fields() {
    return std::tuple{Field{"axis", &ToyAttrs::axis, "Which."}, Field{"scales", &ToyAttrs::scales, "How much."},
                      Field{"mode", &ToyAttrs::mode, "How.", Presence::kRequired}};
  }
};

void Run(const CpuContext&, const ToyAttrs&, const Tensor&, const Tensor*, Tensor&) {}

const Registered kToy = RegisterOp<ToyAttrs>({
    .name = "check_test_toy",
    .doc = "Does nothing.",
    .inputs = {{"X", "Required."}, {"Y", "Optional.", kOptional}},
    .outputs = {{"Out", "Output."}},
});
const Registered kToyCpu = RegisterKernel("check_test_toy", Run);

void RunPair(const CpuContext&, const NoAttrs&, const Tensor&, Span<Tensor>, Tensor&) {}

const Registered kPair = RegisterOp<NoAttrs>({
    .name = "check_test_pair",
    .doc = "Does nothing.",
    .inputs = {{"X", "Input."}},
    .outputs = {{"Out", "Any number.", kRepeated | kOptional}, {"Other", "One more."}},
});
const Registered kPairCpu = RegisterKernel("check_test_pair", RunPair);

OpDesc Toy() {
  OpDesc op("check_test_toy");
  op.SetAttr(kOpCallstack, std::vector<std::string>{"  File \"net.py\", line 7, in <module>", "    y = toy(x)"});
  op.SetInput("X", {"x"});
  op.SetOutput("Out", {"y"});
  op.SetAttr("mode", std::string("fast"));
  return op;
}

TEST(CompleteOpTest, WritesDefaultsAndCommonAttributes) {
  OpDesc op = Toy();
  CompleteOp(&op);
  EXPECT_EQ(op.AttrOr<int32_t>("axis", 0), -1);
  EXPECT_NE(op.FindAttr(kOpRole), nullptr);
}

TEST(CompleteOpTest, ConvertsWhatLosesNothing) {
  OpDesc op = Toy();
  op.SetAttr("axis", int64_t{2});
  op.SetAttr("scales", std::vector<int32_t>{});
  CompleteOp(&op);
  EXPECT_EQ(op.AttrOr<int32_t>("axis", 0), 2);
  op.SetAttr("axis", int64_t{1} << 40);
  EXPECT_THROW(CompleteOp(&op), InvalidArgument);
}

TEST(CheckOpTest, OutputsHaveDifferentNames) {
  OpDesc op("check_test_pair");
  op.SetInput("X", {"x"});
  op.SetOutput("Out", {"y", "z", "@EMPTY@", "@EMPTY@"});
  op.SetOutput("Other", {"w"});
  EXPECT_NO_THROW(CheckOp(op));
  op.SetOutput("Other", {"y"});
  EXPECT_THROW(CheckOp(op), InvalidArgument);
  op.SetOutput("Other", {"x"});  // in place
  EXPECT_NO_THROW(CheckOp(op));
  op.SetOutput("Out", {"y", "y"});
  EXPECT_THROW(CheckOp(op), InvalidArgument);
}

TEST(InferOpTest, NoOutputIsLargerThanAMachine) {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  for (const char* name : {"x", "y", "w"}) block.Var(name);
  OpDesc op("check_test_pair");
  op.SetInput("X", {"x"});
  op.SetOutput("Other", {"y"});
  block.FindVar("x")->set_shape({int64_t{1} << 61});
  block.FindVar("x")->set_raw_dtype(static_cast<int>(DType::kFloat64));
  try {
    InferOp(op, block);
    FAIL();
  } catch (const InvalidArgument& error) {
    EXPECT_NE(std::string(error.what()).find("float64[2305843009213693952] would take more"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("in op 'check_test_pair'"), std::string::npos);
  }
  block.FindVar("x")->set_shape({-1, int64_t{1} << 61});
  EXPECT_NO_THROW(InferOp(op, block));
}

TEST(CheckOpTest, Refuses) {
  OpDesc op = Toy();
  EXPECT_NO_THROW(CheckOp(op));
  op.SetInput("Z", {"z"});
  EXPECT_THROW(CheckOp(op), InvalidArgument);
  op = Toy();
  op.SetInput("X", {});
  EXPECT_THROW(CheckOp(op), InvalidArgument);
  op = Toy();
  op.SetInput("X", {"a", "b"});
  EXPECT_THROW(CheckOp(op), InvalidArgument);
  op = Toy();
  op.RemoveAttr("mode");
  EXPECT_THROW(CheckOp(op), InvalidArgument);
  op = Toy();
  op.SetAttr("nosuch", true);
  EXPECT_THROW(CheckOp(op), InvalidArgument);
  EXPECT_THROW(CheckOp(OpDesc("no_such_op")), Unimplemented);
}

TEST(CheckOpTest, ForeignAttributes) {
  OpDesc op = Toy();
  op.SetAttr("use_cudnn", true);
  op.SetAttr("fuse_relu", false);
  EXPECT_NO_THROW(CheckOp(op));
  op.SetAttr("fuse_relu", true);
  EXPECT_THROW(CheckOp(op), Unimplemented);
}

TEST(InferOpTest, ErrorsNameOpAndLine) {
  ProgramDesc program;
  OpDesc& op = program.block(0).AppendOp(Toy());
  program.block(0).Var("y");
  try {
    InferOp(op, program.block(0));
    FAIL();
  } catch (const InvalidArgument& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("'check_test_toy'"), std::string::npos) << text;
    EXPECT_NE(text.find("File \"net.py\", line 7"), std::string::npos) << text;
    EXPECT_NE(text.find("'x'"), std::string::npos) << text;
  }
  program.block(0).Var("x").set_shape({-1, 3});
  InferOp(op, program.block(0));
  EXPECT_EQ(program.block(0).Var("y").shape(), (std::vector<int64_t>{-1, 3}));
}

TEST(RefuseIoTest, NamesTheOp) {
  ProgramDesc program;
  program.block(0).AppendOp(Toy());
  EXPECT_NO_THROW(RefuseIo(program));
}

}  // namespace
}  // namespace paddle
