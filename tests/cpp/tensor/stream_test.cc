#include "paddle/tensor/stream.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <numeric>

namespace paddle {
namespace {

constexpr const char* kFolder = "tests/models/streams/";

template <class T>
Tensor Arange(const Dims& dims) {
  Tensor tensor(dims, DTypeOf<T>());
  std::iota(tensor.mutable_data<T>(), tensor.mutable_data<T>() + tensor.numel(), T{0});
  return tensor;
}

template <class Write>
std::string Written(const Write& write) {
  MemorySink sink;
  write(&sink);
  return sink.bytes();
}

TEST(StreamTest, WritesTheBytesOfOlderPackages) {
  EXPECT_EQ(Written([](ByteSink* sink) {
              WriteLodTensor(Arange<float>({2, 3}), sink);
            }),
            ReadFile(std::string(kFolder) + "float32"));
  Tensor sequences = Arange<double>({5, 1});
  sequences.set_lod(Lod::FromOffsets({{0, 2, 5}}));
  EXPECT_EQ(Written([&](ByteSink* sink) { WriteLodTensor(sequences, sink); }),
            ReadFile(std::string(kFolder) + "float64_lod"));
  EXPECT_EQ(Written([](ByteSink* sink) {
              WriteLodTensor(ToFloat16(Arange<float>({2, 3})), sink);
            }),
            ReadFile(std::string(kFolder) + "float32_as_float16"));
  EXPECT_EQ(Written([](ByteSink* sink) { WriteLodTensor(ToFloat16(Arange<int64_t>({4})), sink); }),
            ReadFile(std::string(kFolder) + "int64_as_float16"));
}

TEST(StreamTest, SelectedRowsBothWays) {
  const std::string bytes = ReadFile(std::string(kFolder) + "selected_rows");
  MemorySource source(bytes);
  const SelectedRows rows = ReadSelectedRows(&source);
  EXPECT_EQ(source.remaining(), 0u);
  EXPECT_EQ(rows.rows, (std::vector<int64_t>{1, 4}));
  EXPECT_EQ(rows.meta.dims, Dims({10, 3}));
  EXPECT_EQ(rows.value.data<float>()[5], 1.0f);
  EXPECT_EQ(Written([&](ByteSink* sink) { WriteSelectedRows(rows, sink); }), bytes);
}

TEST(StreamTest, ReadsStreamsOneAfterAnother) {
  FileSource source(std::string(kFolder) + "combined");
  EXPECT_EQ(ReadLodTensor(&source).data<float>()[5], 5.0f);
  EXPECT_EQ(ReadLodTensor(&source).data<int64_t>()[3], 3);
  const Tensor last = ReadLodTensor(&source);
  EXPECT_EQ(last.data<double>()[4], 4.0);
  EXPECT_EQ(last.lod(), Lod::FromOffsets({{0, 2, 5}}));
  EXPECT_EQ(source.remaining(), 0u);
}

TEST(StreamTest, Parts) {
  const std::string bytes = ReadFile(std::string(kFolder) + "float32");
  MemorySource source(bytes);
  const Tensor part = ReadPart(&source, 2, {1, 3});
  EXPECT_EQ(part.dims(), Dims({1, 3}));
  EXPECT_EQ(part.data<float>()[0], 2.0f);
  EXPECT_EQ(source.remaining(), 0u);
  for (const int64_t first : {int64_t{4}, int64_t{-1}, std::numeric_limits<int64_t>::max()}) {
    MemorySource again(bytes);
    EXPECT_THROW(ReadPart(&again, first, {1, 3}), InvalidArgument);
  }
}

TEST(StreamTest, BoolsAreMadeBools) {
  Tensor flags({2}, DType::kBool);
  std::memset(flags.mutable_raw(), 1, 2);
  std::string bytes = Written([&](ByteSink* sink) { WriteTensor(flags, sink); });
  bytes.back() = '\x55';
  MemorySource source(bytes);
  EXPECT_EQ(ReadTensor(&source).raw()[1], std::byte{1});
}

// Every shortened and every single-byte-damaged stream is either read or refused; sizes never run away.
TEST(StreamTest, DamageIsRefused) {
  for (const char* name : {"float32", "float64_lod", "selected_rows"}) {
    const std::string bytes = ReadFile(std::string(kFolder) + name);
    const auto read = [&](const std::string& damaged) {
      MemorySource source(damaged);
      if (std::string(name) == "selected_rows")
        ReadSelectedRows(&source);
      else
        ReadLodTensor(&source);
    };
    for (size_t size = 0; size < bytes.size(); ++size)
      EXPECT_THROW(read(bytes.substr(0, size)), InvalidArgument) << name << " cut at " << size;
    for (size_t at = 0; at < bytes.size(); ++at)
      for (const char value : {'\x00', '\x01', '\x7f', '\xff'}) {
        std::string damaged = bytes;
        damaged[at] = value;
        try {
          read(damaged);
        } catch (const InvalidArgument&) {
        }
      }
  }
}

}  // namespace
}  // namespace paddle
