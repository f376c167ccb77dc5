#include "paddle/program/program.h"

#include <gtest/gtest.h>

#include <utility>

#include "paddle/program/parse_op.h"

namespace paddle {
namespace {

TEST(ProgramTest, EditsAreCounted) {
  ProgramDesc program;
  uint64_t last = program.edits();
  const auto moved = [&] { return std::exchange(last, program.edits()) != program.edits(); };
  OpDesc& op = program.block(0).AppendOp(OpDesc("f"));
  EXPECT_TRUE(moved());
  op.SetInput("X", {"x"});
  EXPECT_TRUE(moved());
  op.SetAttr("a", int32_t{1});
  EXPECT_TRUE(moved());
  program.block(0).Var("x").set_shape({1});
  EXPECT_TRUE(moved());
  op.CopyFrom(OpDesc("g"));
  EXPECT_TRUE(moved());
  op.set_type("h");
  EXPECT_TRUE(moved());
  (void)program.Serialize();
  EXPECT_FALSE(moved());
}

TEST(ProgramTest, RenameReachesOps) {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  block.Var("a");
  OpDesc& op = block.AppendOp(OpDesc("f"));
  op.SetInput("X", {"a", "b"});
  block.RenameVar("a", "c");
  EXPECT_EQ(op.Input("X"), (std::vector<std::string>{"c", "b"}));
  EXPECT_THROW(block.RenameVar("a", "d"), NotFound);
  block.Var("e");
  EXPECT_THROW(block.RenameVar("c", "e"), InvalidArgument);
}

TEST(ProgramTest, AttributesRoundTrip) {
  ProgramDesc program;
  OpDesc& op = program.block(0).AppendOp(OpDesc("f"));
  const std::vector<AttrValue> values = {int32_t{-1},
                                         1.5f,
                                         std::string("text"),
                                         std::vector<int32_t>{1, 2},
                                         std::vector<float>{0.5f},
                                         std::vector<std::string>{"a", ""},
                                         true,
                                         std::vector<bool>{true, false},
                                         BlockRef{1},
                                         int64_t{1} << 40,
                                         std::vector<int64_t>{int64_t{1} << 40},
                                         std::vector<double>{1e-300}};
  for (size_t i = 0; i < values.size(); ++i) op.SetAttr("a" + std::to_string(i), values[i]);
  program.AppendBlock(program.block(0));
  const auto copied = ProgramDesc::Parse(program.Serialize());
  const OpDesc& copy = copied->block(0).op(0);
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(*copy.FindAttr("a" + std::to_string(i)), values[i]) << i;
}

TEST(OpDescTest, ParsesWhatItSerialises) {
  OpDesc op("scale");
  op.SetInput("X", {"x"});
  op.SetAttr("scale", 2.0f);
  EXPECT_EQ(ParseOp(op.Serialize()).Serialize(), op.Serialize());
  EXPECT_THROW(ParseOp("\xff\xff"), InvalidArgument);
  EXPECT_THROW(ParseOp(""), InvalidArgument);
}

TEST(UserLineTest, PassesOverThePackagesOwnFrames) {
  OpDesc op("f");
  EXPECT_EQ(op.UserLine(), "");
  op.SetAttr(kOpCallstack, std::vector<std::string>{"  File \"net.py\", line 7, in <module>", "    y = f(x)"});
  EXPECT_EQ(op.UserLine(), "File \"net.py\", line 7, in <module>:     y = f(x)");
  op.SetAttr(kOpCallstack,
             std::vector<std::string>{"  File \"/lib/paddle/fluid/framework.py\", line 1, in append_op\n",
                                      "    attrs=attrs\n", "  File \"old.py\", line 3, in <module>\n", "    y = f(x)"});
  EXPECT_EQ(op.UserLine(), "File \"old.py\", line 3, in <module> :     y = f(x)");
}

TEST(VerifyTest, FindsCyclesAndMissingVariables) {
  ProgramDesc program;
  BlockDesc& sub = program.AppendBlock(program.block(0));
  OpDesc op("loop");
  op.SetAttr("sub_block", BlockRef{1});
  sub.AppendOp(op);
  EXPECT_THROW(Verify(program), InvalidArgument);
  sub.RemoveOps(0, 1);
  EXPECT_NO_THROW(Verify(program));
  OpDesc reader("f");
  reader.SetInput("X", {"nowhere"});
  sub.AppendOp(std::move(reader));
  EXPECT_THROW(Verify(program), InvalidArgument);
}

}  // namespace
}  // namespace paddle
