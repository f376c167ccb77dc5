#pragma once
// Inference with a saved model, from C++ alone.
//
//   auto predictor = paddle::Predictor::FromFolder("digits.model");
//   paddle::Tensor image({1, 1, 28, 28}, paddle::DType::kFloat32);
//   std::copy(pixels.begin(), pixels.end(), image.mutable_data<float>());
//   const auto out = predictor->Run({image});
//   const float* probability = out.at(0).data<float>();

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "paddle/tensor/tensor.h"

namespace paddle {

struct PredictorOptions {
  std::string model_file = "__model__";  // in the folder
  std::string params_file;               // all parameters in one file; empty: one file each, of its name
  bool allow_io = false;                 // admit ops that touch files, network or Python
  Place place = {};                      // where it runs
  int threads = 0;                       // that each run uses, 1 to 1024; 0: as NumThreads says
};

class ProgramDesc;
class Scope;

// A model made by fluid.io.save_inference_model. The worst that a model of unknown origin can do is an exception: files
// are checked, and ops with effects outside are refused unless allowed. Run may be called from many threads at once; of
// a model that writes persistable variables (not just in place, as running statistics are) the runs take turns, those
// of clones too, since all share them.
class Predictor {
 public:
  static std::unique_ptr<Predictor> FromFolder(const std::string& folder, const PredictorOptions& options = {});
  // `program`: the bytes of the model file; `params`: those of a combined parameter file (empty when there are no
  // parameters).
  static std::unique_ptr<Predictor> FromMemory(std::string_view program, std::string_view params,
                                               const PredictorOptions& options = {});
  // `scope`, or a parent of it, holds the program's persistable variables.
  static std::unique_ptr<Predictor> FromProgram(std::shared_ptr<const ProgramDesc> program,
                                                std::shared_ptr<Scope> scope, const PredictorOptions& options = {});
  ~Predictor();

  const std::vector<std::string>& inputs() const;   // names, in the order in which Run takes them
  const std::vector<std::string>& outputs() const;  // names, in the order in which Run gives them
  // What an input must be; sizes of -1 are free.
  const TensorMeta& input_meta(int i) const;
  const std::shared_ptr<const ProgramDesc>& program() const;
  const std::shared_ptr<Scope>& scope() const;

  // One tensor an input; returns one an output, the caller's own. Throws InvalidArgument for inputs of another type,
  // shape or LoD than the model takes, naming the input.
  std::vector<Tensor> Run(std::span<const Tensor> inputs);
  std::vector<Tensor> Run(std::initializer_list<Tensor> inputs) {
    return Run(std::span(inputs.begin(), inputs.size()));
  }

  // Another predictor with the same weights in memory and run memory of its own.
  std::unique_ptr<Predictor> Clone() const;

 private:
  struct Model;
  struct Runner;
  explicit Predictor(std::shared_ptr<const Model> model);

  std::shared_ptr<const Model> model_;
  std::unique_ptr<Runner> runner_;
};

}  // namespace paddle
