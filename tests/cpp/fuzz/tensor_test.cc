// Damaged files of tensors end in an exception, never in a crash: single ones, SelectedRows, and many in one file.

#include <gtest/gtest.h>

#include "paddle/base/flags.h"
#include "paddle/io/model.h"
#include "paddle/tensor/stream.h"
#include "tests/cpp/fuzz/mutate.h"

namespace paddle {
namespace {

constexpr int kFiles = 10000;
const std::string kFolder = "tests/models/streams/";

template <class Write>
std::string Written(const Write& write) {
  MemorySink sink;
  write(&sink);
  return sink.bytes();
}

// Damages each seed in turn; `use` throws Error, or returns for a file that is still a good one.
template <class Use>
void MutateAll(const std::vector<std::string>& seeds, const Use& use) {
  SetFlag("memory_limit_mb", "256");
  int good = 0;
  for (uint32_t i = 0; i < kFiles; ++i) {
    const std::string bytes = fuzz::Mutate(seeds[i % seeds.size()], i);
    try {
      use(bytes);
      ++good;
    } catch (const Error&) {
    }
  }
  SetFlag("memory_limit_mb", "0");
  EXPECT_GT(good, 0);
  EXPECT_LT(good, kFiles);
}

// Touches every byte, for the address sanitizer.
void ExpectSound(const Tensor& tensor) {
  tensor.lod().CheckRows(tensor.rank() ? tensor.dim(0) : 0, "tensor");
  std::vector<std::byte> copy(tensor.raw(), tensor.raw() + tensor.bytes());
  EXPECT_EQ(copy.size(), static_cast<size_t>(tensor.numel()) * SizeOf(tensor.dtype()));
}

TEST(MutatedTensors, EndInExceptionsOnly) {
  const std::vector<std::string> seeds{ReadFile(kFolder + "float32"), ReadFile(kFolder + "float64_lod"),
                                       ReadFile(kFolder + "int64_as_float16"), Written([](ByteSink* sink) {
                                         WriteLodTensor(Tensor({0, 3}, DType::kBool), sink);
                                       })};
  MutateAll(seeds, [](const std::string& bytes) {
    MemorySource source(bytes);
    const Tensor tensor = ReadLodTensor(&source);
    ExpectSound(tensor);
    const std::string again = Written([&](ByteSink* sink) { WriteLodTensor(tensor, sink); });
    MemorySource second(again);
    EXPECT_EQ(ReadLodTensor(&second).meta().dims, tensor.dims());
  });
}

TEST(MutatedSelectedRows, EndInExceptionsOnly) {
  MutateAll({ReadFile(kFolder + "selected_rows")}, [](const std::string& bytes) {
    MemorySource source(bytes);
    const SelectedRows rows = ReadSelectedRows(&source);
    ExpectSound(rows.value);
    EXPECT_EQ(static_cast<int64_t>(rows.rows.size()), rows.value.dim(0));
    for (const int64_t row : rows.rows) EXPECT_TRUE(row >= 0 && row < rows.meta.dims[0]) << row;
  });
}

TEST(MutatedTensors, PartsEndInExceptionsOnly) {
  MutateAll({ReadFile(kFolder + "float32"), ReadFile(kFolder + "float64_lod")}, [](const std::string& bytes) {
    MemorySource source(bytes);
    ExpectSound(ReadPart(&source, 2, {1, 3}));
  });
}

// A program with the three tensors of the combined file as its parameters.
std::shared_ptr<ProgramDesc> CombinedProgram() {
  auto program = std::make_shared<ProgramDesc>();
  const std::tuple<const char*, DType, Dims> vars[] = {
      {"a", DType::kFloat32, {2, 3}}, {"b", DType::kInt64, {4}}, {"c", DType::kFloat64, {-1, 1}}};
  for (const auto& [name, dtype, dims] : vars) {
    VarDesc& var = program->block(0).Var(name);
    TensorMeta meta;
    meta.dtype = dtype;
    meta.dims = dims;
    var.SetMeta(meta);
    var.set_persistable(true);
  }
  return program;
}

TEST(MutatedParameterFiles, ChangeNothingWhenTheyFail) {
  const auto program = CombinedProgram();
  MutateAll({ReadFile(kFolder + "combined")}, [&](const std::string& bytes) {
    Scope scope;
    MemorySource source(bytes);
    try {
      LoadPersistables(*program, &source, &scope);
    } catch (const Error&) {
      for (const auto name : {"a", "b", "c"}) EXPECT_FALSE(scope.Find(name) && scope.Find(name)->initialized()) << name;
      throw;
    }
    for (const auto name : {"a", "b", "c"}) ExpectSound(scope.Find(name)->get<Tensor>());
  });
}

}  // namespace
}  // namespace paddle
