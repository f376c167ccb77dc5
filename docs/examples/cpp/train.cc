// Loads the training program that an example saved and trains it from fresh parameters on the batches saved beside it.
// Exits non-zero when a loss of the first pass differs by more than 1e-6 from Python's, or when the last pass is no
// better than the first. Usage: train FOLDER [PASSES]

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <utility>

#include "paddle/base/stream.h"
#include "paddle/io/trainer.h"
#include "samples.h"

namespace {

struct Batch {
  std::vector<std::pair<std::string, paddle::Tensor>> feeds;
  paddle::Tensor loss;  // what Python got
};

// All batches; `loss` becomes the name of the variable to fetch.
std::vector<Batch> ReadBatches(const std::string& path, std::string& loss) {
  SampleFile file(path);
  loss = file.Word();
  std::vector<Batch> batches;
  Batch batch;
  for (NamedTensor read; file.Next(read);) {
    if (read.name != loss) {
      batch.feeds.emplace_back(read.name, read.tensor);
      continue;
    }
    batch.loss = read.tensor;
    batches.push_back(std::exchange(batch, {}));
  }
  if (batches.empty()) throw std::runtime_error(path + " has no batch");
  return batches;
}

int Train(const std::string& folder, int passes) {
  std::string loss;
  const auto batches = ReadBatches(folder + "/train.txt", loss);
  paddle::Trainer trainer(paddle::ReadFile(folder + "/train/startup.pdmodel"),
                          paddle::ReadFile(folder + "/train/main.pdmodel"));
  double worst = 0, first_mean = 0, mean = 0;
  for (int pass = 0; pass < passes; ++pass) {
    mean = 0;
    for (const auto& batch : batches) {
      const auto got = trainer.Step(batch.feeds, {loss}).at(0);
      mean += got.data<float>()[0] / static_cast<double>(batches.size());
      if (pass > 0) continue;
      const double difference = LargestDifference(got, batch.loss);
      if (!(difference <= worst)) worst = difference;
    }
    if (pass == 0) first_mean = mean;
  }
  std::filesystem::create_directories(folder + "/trained");
  trainer.Save(folder + "/trained");
  std::printf("%d passes over %zu batches trained, loss %.4f -> %.4f, largest difference from Python %.2g\n", passes,
              batches.size(), first_mean, mean, worst);
  return worst <= 1e-6 && (passes == 1 || mean < first_mean) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const int passes = argc == 3 ? std::atoi(argv[2]) : 10;
  if (argc < 2 || argc > 3 || passes < 1) {
    std::cerr << "usage: train FOLDER [PASSES]\n";
    return 2;
  }
  try {
    return Train(argv[1], passes);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
