#include "paddle/base/stream.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "paddle/base/errors.h"

namespace paddle {
namespace {

std::string Temporary(const std::string& name) { return (std::filesystem::path(testing::TempDir()) / name).string(); }

TEST(MemorySourceTest, ReadsInOrderAndSaysWhenItEnds) {
  MemorySource source("abcdef");
  char two[2];
  source.Read(two, 2);
  EXPECT_EQ(std::string(two, 2), "ab");
  source.Skip(3);
  EXPECT_EQ(source.remaining(), 1u);
  EXPECT_THROW(source.Read(two, 2), InvalidArgument);
  EXPECT_THROW(source.Skip(2), InvalidArgument);
}

TEST(FileTest, WrittenWholeOrNotAtAll) {
  const std::string path = Temporary("stream_test/folder/file");
  WriteFile(path, "first");
  {
    FileSink sink(path);
    sink.Write("half", 4);
  }
  EXPECT_EQ(ReadFile(path), "first");
  WriteFile(path, "second");
  EXPECT_EQ(ReadFile(path), "second");
  int files = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(path).parent_path()))
    ++files;
  EXPECT_EQ(files, 1);
}

TEST(FileTest, Complains) {
  EXPECT_THROW(ReadFile(Temporary("no_such_file")), NotFound);
  EXPECT_THROW(ReadFile(testing::TempDir()), InvalidArgument);
  EXPECT_THROW(WriteFile("", "x"), InvalidArgument);
  EXPECT_THROW(WriteFile("/dev/null", "x"), InvalidArgument);
  EXPECT_THROW(WriteFile("/proc/no/such/place", "x"), Error);
}

}  // namespace
}  // namespace paddle
