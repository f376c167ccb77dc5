// Loads a model that an example saved, predicts the samples saved beside it, and compares with what Python predicted.
// Exits non-zero when they differ by more than 1e-6. Usage: predict FOLDER

#include <cstdio>
#include <exception>
#include <iostream>

#include "paddle/io/predictor.h"
#include "samples.h"

namespace {

int Compare(const std::string& folder) {
  const auto predictor = paddle::Predictor::FromFolder(folder + "/model");
  SampleFile file(folder + "/samples.txt");
  NamedTensor read;
  std::vector<paddle::Tensor> inputs;
  while (inputs.size() < predictor->inputs().size() && file.Next(read)) inputs.push_back(read.tensor);
  const auto outputs = predictor->Run(inputs);
  double worst = 0;
  for (const auto& output : outputs) {
    if (!file.Next(read)) throw std::runtime_error("samples.txt has fewer results than the model");
    const double difference = LargestDifference(output, read.tensor);
    if (!(difference <= worst)) worst = difference;
  }
  const auto& lod = inputs.at(0).lod();
  std::printf("%lld samples predicted, largest difference from Python %.2g\n",
              static_cast<long long>(lod.empty() ? inputs[0].dim(0) : lod.sequences(0)), worst);
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
