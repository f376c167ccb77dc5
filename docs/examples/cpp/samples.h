#pragma once
// The text files that docs/examples/export.py writes for the programs of this folder; write_tensors there has the
// format.

#include <cmath>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "paddle/tensor/tensor.h"

struct NamedTensor {
  std::string name;
  paddle::Tensor tensor;
};

class SampleFile {
 public:
  explicit SampleFile(const std::string& path) : path_(path), file_(path) {
    if (!file_) throw std::runtime_error("cannot read " + path);
  }

  // The next word; throws at the end of the file.
  std::string Word() {
    std::string word;
    if (!(file_ >> word)) throw std::runtime_error(path_ + " ends too early");
    return word;
  }

  // False at the end of the file.
  bool Next(NamedTensor& out) {
    std::string type;
    size_t rank = 0, levels = 0;
    if (!(file_ >> out.name)) return false;
    file_ >> type >> rank;
    std::vector<int64_t> dims(rank);
    for (auto& size : dims) file_ >> size;
    file_ >> levels;
    std::vector<std::vector<int64_t>> lod(levels);
    for (auto& level : lod) {
      size_t offsets = 0;
      file_ >> offsets;
      level.resize(offsets);
      for (auto& offset : level) file_ >> offset;
    }
    if (!file_ || (type != "int64" && type != "float32"))
      throw std::runtime_error(path_ + " has a damaged head of the tensor " + out.name);
    const auto dtype = type == "int64" ? paddle::DType::kInt64 : paddle::DType::kFloat32;
    out.tensor = paddle::Tensor(paddle::Dims(dims), dtype);
    type == "int64" ? ReadValues<int64_t>(out.tensor) : ReadValues<float>(out.tensor);
    if (levels) out.tensor.set_lod(paddle::Lod::FromOffsets(lod));
    if (!file_) throw std::runtime_error(path_ + " ends within the tensor " + out.name);
    return true;
  }

 private:
  template <class T>
  void ReadValues(paddle::Tensor& tensor) {
    for (int64_t i = 0; i < tensor.numel(); ++i) file_ >> tensor.mutable_data<T>()[i];
  }

  std::string path_;
  std::ifstream file_;
};

template <class T>
double LargestDifference(const T* a, const T* b, int64_t count) {
  double worst = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double difference = std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (!(difference <= worst)) worst = difference;  // NaN too
  }
  return worst;
}

// The largest difference between two tensors, both float32 or both int64.
inline double LargestDifference(const paddle::Tensor& a, const paddle::Tensor& b) {
  if (a.dims() != b.dims() || a.dtype() != b.dtype())
    throw std::runtime_error("the file's results have another shape or type than the program's");
  if (a.dtype() == paddle::DType::kInt64) return LargestDifference(a.data<int64_t>(), b.data<int64_t>(), a.numel());
  return LargestDifference(a.data<float>(), b.data<float>(), a.numel());
}
