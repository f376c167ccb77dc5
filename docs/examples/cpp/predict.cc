// Loads a model that docs/examples/digits.py or reviews.py saved, predicts the samples saved beside it, and compares
// with what Python predicted. Usage: predict FOLDER

#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "paddle/io/predictor.h"

namespace {

struct NamedTensor {
  std::string name;
  paddle::Tensor tensor;
};

template <class T>
void ReadValues(std::istream& file, paddle::Tensor& tensor) {
  for (int64_t i = 0; i < tensor.numel(); ++i) file >> tensor.mutable_data<T>()[i];
}

// One tensor of samples.txt; the format is described in docs/examples/export.py.
bool ReadTensor(std::istream& file, NamedTensor* out) {
  std::string type;
  size_t rank = 0, offsets = 0;
  if (!(file >> out->name >> type >> rank)) return false;
  std::vector<int64_t> dims(rank);
  for (auto& size : dims) file >> size;
  file >> offsets;
  std::vector<int64_t> level(offsets);
  for (auto& offset : level) file >> offset;
  const auto dtype = type == "int64" ? paddle::DType::kInt64 : paddle::DType::kFloat32;
  out->tensor = paddle::Tensor(paddle::Dims(dims), dtype);
  if (dtype == paddle::DType::kInt64)
    ReadValues<int64_t>(file, out->tensor);
  else
    ReadValues<float>(file, out->tensor);
  if (offsets) out->tensor.set_lod(paddle::Lod::FromOffsets({level}));
  if (!file) throw std::runtime_error("samples.txt ends within the tensor " + out->name);
  return true;
}

int Compare(const std::string& folder) {
  const auto predictor = paddle::Predictor::FromFolder(folder + "/model");
  std::ifstream file(folder + "/samples.txt");
  if (!file) throw std::runtime_error("cannot read " + folder + "/samples.txt");
  std::vector<paddle::Tensor> inputs;
  NamedTensor read;
  for (size_t i = 0; i < predictor->inputs().size() && ReadTensor(file, &read); ++i) inputs.push_back(read.tensor);
  const auto outputs = predictor->Run(inputs);
  double worst = 0;
  for (const auto& output : outputs) {
    if (!ReadTensor(file, &read) || !(read.tensor.dims() == output.dims()))
      throw std::runtime_error("samples.txt does not fit the model");
    for (int64_t i = 0; i < output.numel(); ++i)
      worst = std::max(worst, std::fabs(static_cast<double>(output.data<float>()[i]) - read.tensor.data<float>()[i]));
  }
  std::printf("%s: %lld samples, largest difference from Python %.2g\n", folder.c_str(),
              static_cast<long long>(outputs.at(0).dim(0)), worst);
  return worst <= 1e-6 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: predict FOLDER\n";
    return 2;
  }
  try {
    return Compare(argv[1]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
