#include "paddle/io/c_api.h"

#include <cstdlib>
#include <cstring>

#include "paddle/io/predictor.h"

struct PD_Predictor {
  std::unique_ptr<paddle::Predictor> predictor;
};

struct PD_Tensor {
  paddle::Tensor tensor;
};

namespace paddle {
namespace {

// Calls `work`; an exception becomes `failed` and a text. Nothing is thrown into C.
template <class Result, class Work>
Result Guard(char** error, Result failed, const Work& work) noexcept {
  if (error) *error = nullptr;
  try {
    return work();
  } catch (const std::exception& caught) {
    if (error) *error = strdup(caught.what());
    return failed;
  } catch (...) {
    if (error) *error = strdup("unknown failure");
    return failed;
  }
}

const char* NameAt(const std::vector<std::string>& names, int i) {
  return i >= 0 && i < static_cast<int>(names.size()) ? names[static_cast<size_t>(i)].c_str() : nullptr;
}

}  // namespace
}  // namespace paddle

using paddle::Guard;
using paddle::Require;

PD_Predictor* PD_PredictorOpen(const char* folder, const char* model_file, const char* params_file, char** error) {
  return Guard<PD_Predictor*>(error, nullptr, [&] {
    Require(folder != nullptr, "the folder is NULL");
    paddle::PredictorOptions options;
    if (model_file) options.model_file = model_file;
    if (params_file) options.params_file = params_file;
    return new PD_Predictor{paddle::Predictor::FromFolder(folder, options)};
  });
}

PD_Predictor* PD_PredictorFromMemory(const void* program, size_t program_bytes, const void* params, size_t params_bytes,
                                     char** error) {
  return Guard<PD_Predictor*>(error, nullptr, [&] {
    Require(program != nullptr && (params != nullptr || params_bytes == 0), "the model's bytes are NULL");
    return new PD_Predictor{paddle::Predictor::FromMemory({static_cast<const char*>(program), program_bytes},
                                                          {static_cast<const char*>(params), params_bytes})};
  });
}

PD_Predictor* PD_PredictorClone(const PD_Predictor* predictor, char** error) {
  return Guard<PD_Predictor*>(error, nullptr, [&] {
    Require(predictor != nullptr, "the predictor is NULL");
    return new PD_Predictor{predictor->predictor->Clone()};
  });
}

void PD_PredictorFree(PD_Predictor* predictor) { delete predictor; }

int PD_InputCount(const PD_Predictor* predictor) {
  return predictor ? static_cast<int>(predictor->predictor->inputs().size()) : 0;
}
int PD_OutputCount(const PD_Predictor* predictor) {
  return predictor ? static_cast<int>(predictor->predictor->outputs().size()) : 0;
}
const char* PD_InputName(const PD_Predictor* predictor, int i) {
  return predictor ? paddle::NameAt(predictor->predictor->inputs(), i) : nullptr;
}
const char* PD_OutputName(const PD_Predictor* predictor, int i) {
  return predictor ? paddle::NameAt(predictor->predictor->outputs(), i) : nullptr;
}

int PD_PredictorRun(PD_Predictor* predictor, const PD_Tensor* const* inputs, PD_Tensor** outputs, char** error) {
  return Guard(error, 1, [&] {
    Require(predictor != nullptr && outputs != nullptr, "the predictor or the place for outputs is NULL");
    std::vector<paddle::Tensor> fed;
    for (int i = 0; i < PD_InputCount(predictor); ++i) {
      Require(inputs != nullptr && inputs[i] != nullptr, "input ", i, " ('", PD_InputName(predictor, i), "') is NULL");
      fed.push_back(inputs[i]->tensor);
    }
    auto fetched = predictor->predictor->Run(fed);
    std::vector<std::unique_ptr<PD_Tensor>> made;  // all or none reach the caller
    for (auto& tensor : fetched) made.push_back(std::make_unique<PD_Tensor>(PD_Tensor{std::move(tensor)}));
    for (size_t i = 0; i < made.size(); ++i) outputs[i] = made[i].release();
    return 0;
  });
}

PD_Tensor* PD_TensorNew(PD_DType dtype, const int64_t* shape, int rank, const void* data, char** error) {
  return Guard<PD_Tensor*>(error, nullptr, [&] {
    const auto type = paddle::ToDType(dtype);
    Require(type.has_value(), "no element type has the number ", static_cast<int>(dtype));
    Require(rank >= 0 && (rank == 0 || shape != nullptr), "the shape is NULL or its rank negative");
    const paddle::Dims dims(std::span(shape, static_cast<size_t>(rank)));
    auto made = std::make_unique<PD_Tensor>(PD_Tensor{paddle::Tensor(dims, *type)});
    Require(data != nullptr || made->tensor.bytes() == 0, "the data is NULL");
    if (made->tensor.bytes()) std::memcpy(made->tensor.mutable_raw(), data, made->tensor.bytes());
    return made.release();
  });
}

int PD_TensorSetLod(PD_Tensor* tensor, int levels, const int64_t* const* offsets, const size_t* counts, char** error) {
  return Guard(error, 1, [&] {
    Require(tensor != nullptr && levels >= 0 && (levels == 0 || (offsets != nullptr && counts != nullptr)),
            "the tensor or the LoD is NULL");
    std::vector<std::vector<int64_t>> lod;
    for (int k = 0; k < levels; ++k) lod.emplace_back(offsets[k], offsets[k] + counts[k]);
    const auto checked = paddle::Lod::FromOffsets(std::move(lod));
    checked.CheckRows(tensor->tensor.rank() ? tensor->tensor.dim(0) : 0, "the tensor");
    tensor->tensor.set_lod(checked);
    return 0;
  });
}

void PD_TensorFree(PD_Tensor* tensor) { delete tensor; }

PD_DType PD_TensorType(const PD_Tensor* tensor) { return static_cast<PD_DType>(tensor->tensor.dtype()); }
int PD_TensorRank(const PD_Tensor* tensor) { return tensor->tensor.rank(); }
const int64_t* PD_TensorShape(const PD_Tensor* tensor) { return tensor->tensor.dims().begin(); }
const void* PD_TensorData(const PD_Tensor* tensor) { return tensor->tensor.raw(); }
size_t PD_TensorBytes(const PD_Tensor* tensor) { return tensor->tensor.bytes(); }
int PD_TensorLodLevels(const PD_Tensor* tensor) { return tensor->tensor.lod().levels(); }

const int64_t* PD_TensorLod(const PD_Tensor* tensor, int level, size_t* count) {
  if (level < 0 || level >= tensor->tensor.lod().levels()) return nullptr;
  const auto offsets = tensor->tensor.lod().offsets(level);
  if (count) *count = offsets.size();
  return offsets.data();
}

void PD_Free(void* text) { std::free(text); }
