#include "paddle/io/predictor.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "paddle/base/stream.h"
#include "paddle/io/c_api.h"
#include "paddle/io/model.h"
#include "paddle/op/check.h"

namespace paddle {
namespace {

constexpr const char* kFolder = "tests/models/mul_softmax";
constexpr float kExpected[] = {0.0820218f,  0.1494534f,  0.27232194f, 0.49620292f,
                               0.25945163f, 0.25304574f, 0.24679802f, 0.24070457f};

Tensor Input() {
  Tensor x({2, 3}, DType::kFloat32);
  const float values[] = {1, 2, 3, -1, 0.5f, 0.25f};
  std::copy(std::begin(values), std::end(values), x.mutable_data<float>());
  return x;
}

void ExpectRight(const std::vector<Tensor>& outputs) {
  ASSERT_EQ(outputs.size(), 1u);
  ASSERT_EQ(outputs[0].dims(), Dims({2, 4}));
  for (int i = 0; i < 8; ++i) EXPECT_NEAR(outputs[0].data<float>()[i], kExpected[i], 1e-6f);
}

TEST(PredictorTest, FromFolder) {
  const auto predictor = Predictor::FromFolder(kFolder);
  EXPECT_EQ(predictor->inputs(), std::vector<std::string>{"x"});
  EXPECT_EQ(predictor->input_meta(0).dims, Dims({-1, 3}));
  ExpectRight(predictor->Run({Input()}));
  PredictorOptions combined;
  combined.params_file = "params";
  ExpectRight(Predictor::FromFolder(kFolder, combined)->Run({Input()}));
}

TEST(PredictorTest, FromMemory) {
  const std::string folder = kFolder;
  const auto predictor = Predictor::FromMemory(ReadFile(folder + "/__model__"), ReadFile(folder + "/params"));
  ExpectRight(predictor->Run({Input()}));
}

TEST(PredictorTest, FromProgramOverAScopeOfTheCaller) {
  std::shared_ptr<const ProgramDesc> program = LoadProgram(std::string(kFolder) + "/__model__");
  auto scope = std::make_shared<Scope>();
  LoadPersistables(*program, kFolder, "", scope.get());
  PredictorOptions options;
  options.threads = 1;
  const auto predictor = Predictor::FromProgram(program, scope->ShareNewChild(), options);
  EXPECT_EQ(predictor->program(), program);
  EXPECT_EQ(predictor->scope()->parent(), scope.get());
  ExpectRight(predictor->Run({Input()}));
  options.threads = 2000;
  EXPECT_THROW(Predictor::FromProgram(program, scope, options), InvalidArgument);
}

TEST(PredictorTest, ManyThreadsAndClones) {
  const auto predictor = Predictor::FromFolder(kFolder);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      const auto own = t % 2 ? predictor->Clone() : nullptr;
      for (int i = 0; i < 50; ++i) ExpectRight((own ? *own : *predictor).Run({Input()}));
    });
  for (auto& thread : threads) thread.join();
}

// y = mul(assign(x) kept in a persistable variable, w): runs of different sizes would resize what the others read.
TEST(PredictorTest, RunsTakeTurnsWhereTheModelReplacesAPersistable) {
  auto program = LoadProgram(std::string(kFolder) + "/__model__");
  BlockDesc& block = program->block(0);
  VarDesc& kept = block.Var("kept");
  kept.set_shape({-1, 3});
  kept.set_persistable(true);
  OpDesc assign("assign");
  assign.SetInput("X", {"x"});
  assign.SetOutput("Out", {"kept"});
  block.op(1).RenameInput("x", "kept");
  block.InsertOp(1, std::move(assign));
  std::string params;
  {
    Scope scope;
    LoadPersistables(*LoadProgram(std::string(kFolder) + "/__model__"), kFolder, "", &scope);
    scope.Var("kept").get<Tensor>() = Tensor({1, 3}, DType::kFloat32);
    std::fill_n(scope.Var("kept").get<Tensor>().mutable_data<float>(), 3, 0.0f);
    const std::string folder = (std::filesystem::path(testing::TempDir()) / "predictor_test").string();
    SavePersistables(*program, folder, "params", &scope);
    params = ReadFile(folder + "/params");
  }
  const auto predictor = Predictor::FromMemory(program->Serialize(), params);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      const auto own = t % 2 ? predictor->Clone() : nullptr;
      const int64_t rows = int64_t{1} << (3 * t);
      Tensor x({rows, 3}, DType::kFloat32);
      for (int64_t i = 0; i < rows; ++i) std::copy_n(Input().data<float>(), 3, x.mutable_data<float>() + 3 * i);
      for (int i = 0; i < 100; ++i) {
        const auto out = (own ? *own : *predictor).Run({x});
        ASSERT_EQ(out[0].dims(), Dims({rows, 4}));
        for (int64_t k = 0; k < rows * 4; ++k) ASSERT_NEAR(out[0].data<float>()[k], kExpected[k % 4], 1e-6f);
      }
    });
  for (auto& thread : threads) thread.join();
}

TEST(PredictorTest, RefusesWrongInputs) {
  const auto predictor = Predictor::FromFolder(kFolder);
  EXPECT_THROW(predictor->Run({}), InvalidArgument);
  EXPECT_THROW(predictor->Run({Tensor()}), InvalidArgument);
  EXPECT_THROW(predictor->Run({Tensor({2, 4}, DType::kFloat32)}), InvalidArgument);
  EXPECT_THROW(predictor->Run({Tensor({2, 3}, DType::kFloat64)}), InvalidArgument);
  EXPECT_THROW(predictor->Run({Tensor({3}, DType::kFloat32)}), InvalidArgument);
  ExpectRight(predictor->Run({Input()}));
}

TEST(PredictorTest, RefusesWrongFiles) {
  const std::string folder = kFolder;
  const std::string program = ReadFile(folder + "/__model__"), params = ReadFile(folder + "/params");
  EXPECT_THROW(Predictor::FromFolder("no/such/folder"), NotFound);
  EXPECT_THROW(Predictor::FromMemory("nonsense", params), InvalidArgument);
  EXPECT_THROW(Predictor::FromMemory(program, params + "x"), InvalidArgument);
  EXPECT_THROW(Predictor::FromMemory(program, params.substr(0, params.size() - 1)), InvalidArgument);
}

std::shared_ptr<ProgramDesc> WithOp(const std::string& type) {
  auto program = LoadProgram(std::string(kFolder) + "/__model__");
  OpDesc op(type);
  op.SetInput("X", {"w"});
  op.SetAttr("file_path", std::string("stolen"));
  program->block(0).InsertOp(1, std::move(op));
  return program;
}

TEST(PredictorTest, RefusesOpsThatTouchFiles) {
  const std::string params = ReadFile(std::string(kFolder) + "/params");
  try {
    Predictor::FromMemory(WithOp("save")->Serialize(), params);
    FAIL();
  } catch (const InvalidArgument& error) {
    EXPECT_NE(std::string(error.what()).find("op 'save' touches files"), std::string::npos);
  }
  EXPECT_FALSE(FileExists("stolen"));
  PredictorOptions options;
  options.allow_io = true;
  EXPECT_NO_THROW(Predictor::FromMemory(WithOp("save")->Serialize(), params, options));
}

TEST(PredictorTest, ParametersStayInTheFolder) {
  auto program = LoadProgram(std::string(kFolder) + "/__model__");
  for (const char* name : {"../streams/float32", "/etc/passwd", "a/../../b"}) {
    auto copy = program->Clone();
    copy->block(0).RenameVar("w", name);
    Scope scope;
    EXPECT_THROW(LoadPersistables(*copy, kFolder, "", &scope), InvalidArgument) << name;
  }
}

TEST(ModelTest, SavesWhatItLoads) {
  const auto program = LoadProgram(std::string(kFolder) + "/__model__");
  Scope scope;
  LoadPersistables(*program, kFolder, "", &scope);
  const std::string folder = (std::filesystem::path(testing::TempDir()) / "model_test").string();
  SavePersistables(*program, folder, "", &scope);
  SavePersistables(*program, folder, "params", &scope);
  SaveProgram(*program, folder + "/__model__");
  for (const char* name : {"w", "params", "__model__"})
    EXPECT_EQ(ReadFile(folder + "/" + name), ReadFile(std::string(kFolder) + "/" + name)) << name;
}

TEST(CApiTest, Predicts) {
  char* error = nullptr;
  PD_Predictor* predictor = PD_PredictorOpen(kFolder, nullptr, "params", &error);
  ASSERT_NE(predictor, nullptr) << error;
  ASSERT_EQ(PD_InputCount(predictor), 1);
  EXPECT_STREQ(PD_InputName(predictor, 0), "x");
  EXPECT_EQ(PD_InputName(predictor, 1), nullptr);
  const int64_t shape[] = {2, 3};
  PD_Tensor* x = PD_TensorNew(PD_FLOAT32, shape, 2, Input().raw(), &error);
  PD_Tensor* y = nullptr;
  ASSERT_EQ(PD_PredictorRun(predictor, &x, &y, &error), 0) << error;
  EXPECT_EQ(PD_TensorType(y), PD_FLOAT32);
  EXPECT_EQ(PD_TensorShape(y)[1], 4);
  EXPECT_EQ(PD_TensorBytes(y), 32u);
  for (int i = 0; i < 8; ++i) EXPECT_NEAR(static_cast<const float*>(PD_TensorData(y))[i], kExpected[i], 1e-6f);
  PD_TensorFree(x);
  PD_TensorFree(y);
  PD_PredictorFree(predictor);
}

TEST(CApiTest, Complains) {
  char* error = nullptr;
  EXPECT_EQ(PD_PredictorOpen("no/such/folder", nullptr, nullptr, &error), nullptr);
  EXPECT_NE(std::string(error).find("cannot open file"), std::string::npos);
  PD_Free(error);
  EXPECT_EQ(PD_PredictorOpen(nullptr, nullptr, nullptr, nullptr), nullptr);
  const int64_t shape[] = {-1};
  EXPECT_EQ(PD_TensorNew(PD_FLOAT32, shape, 1, "", nullptr), nullptr);
  const int64_t rows[] = {4, 1};
  PD_Tensor* tensor = PD_TensorNew(PD_INT8, rows, 2, "abcd", nullptr);
  const int64_t offsets[] = {0, 3};
  const int64_t* levels[] = {offsets};
  const size_t counts[] = {2};
  EXPECT_NE(PD_TensorSetLod(tensor, 1, levels, counts, nullptr), 0);
  PD_TensorFree(tensor);
}

}  // namespace
}  // namespace paddle
