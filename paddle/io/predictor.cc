#include "paddle/io/predictor.h"

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "paddle/device/parallel.h"
#include "paddle/io/feed.h"
#include "paddle/io/model.h"
#include "paddle/op/check.h"
#include "paddle/op/registry.h"
#include "paddle/runtime/executor.h"

namespace paddle {

struct Predictor::Model {
  std::shared_ptr<const ProgramDesc> program;
  std::shared_ptr<Scope> scope = std::make_shared<Scope>();
  std::vector<std::string> inputs, outputs;
  std::vector<TensorMeta> input_metas;
  Place place;
  int threads = 0;
  bool one_at_a_time = false;  // runs would be in each other's way
  mutable std::mutex running;
};

struct Predictor::Runner {
  explicit Runner(Place place) : executor(place) {}
  Executor executor;
};

Predictor::Predictor(std::shared_ptr<const Model> model)
    : model_(std::move(model)), runner_(std::make_unique<Runner>(model_->place)) {}
Predictor::~Predictor() = default;

namespace {

// Whether the op writes to the scope more than in place: then runs may change the size of what other runs read. In
// place are outputs that must share an input of the same name (running statistics).
bool ReplacesPersistable(const OpDesc& op, const BlockDesc& block) {
  const OpDef& def = Registry::Get().Find(op.type());
  if (def.has(kNoPlan)) return false;  // feed and fetch: their lists are not touched
  for (const auto& slot : op.outputs()) {
    const auto pair = std::find_if(def.must_share.begin(), def.must_share.end(),
                                   [&](const Alias& alias) { return alias.output == slot.name; });
    const bool in_place = pair != def.must_share.end() && op.Input(pair->input) == slot.args;
    for (const auto& name : slot.args) {
      const auto var = block.FindVarRecursive(name);
      if (var && var->persistable() && !in_place) return true;
    }
  }
  return false;
}

bool ReplacesPersistables(const ProgramDesc& program) {
  for (int i = 0; i < program.size(); ++i)
    for (const auto& op : program.block(i).ops())
      if (ReplacesPersistable(*op, program.block(i))) return true;
  return false;
}

template <class Model>
void Describe(const std::shared_ptr<const ProgramDesc>& program, const PredictorOptions& options, Model* model) {
  if (!options.allow_io) RefuseIo(*program);
  Require(options.threads >= 0 && options.threads <= 1024, "a predictor runs on 1 to 1024 threads, got ",
          options.threads);
  model->program = program;
  model->place = options.place;
  model->threads = options.threads;
  model->inputs = FeedNames(*program);
  model->outputs = FetchNames(*program);
  Require(!model->outputs.empty(),
          "the program has no fetch op: it is not an inference model; save it with fluid.io.save_inference_model");
  model->one_at_a_time = ReplacesPersistables(*program);
  for (const auto& name : model->inputs) model->input_metas.push_back(InputMeta(*program, name));
}

}  // namespace

std::unique_ptr<Predictor> Predictor::FromFolder(const std::string& folder, const PredictorOptions& options) {
  auto model = std::make_shared<Model>();
  const auto program = LoadProgram((std::filesystem::path(folder) / options.model_file).string());
  Describe(program, options, model.get());
  LoadPersistables(*program, folder, options.params_file, model->scope.get());
  return std::unique_ptr<Predictor>(new Predictor(std::move(model)));
}

std::unique_ptr<Predictor> Predictor::FromMemory(std::string_view bytes, std::string_view params,
                                                 const PredictorOptions& options) {
  auto model = std::make_shared<Model>();
  const auto program = ProgramDesc::Parse(bytes);
  Describe(program, options, model.get());
  MemorySource source(params);
  LoadPersistables(*program, &source, model->scope.get());
  return std::unique_ptr<Predictor>(new Predictor(std::move(model)));
}

std::unique_ptr<Predictor> Predictor::FromProgram(std::shared_ptr<const ProgramDesc> program,
                                                  std::shared_ptr<Scope> scope, const PredictorOptions& options) {
  auto model = std::make_shared<Model>();
  model->scope = std::move(scope);
  Describe(program, options, model.get());
  return std::unique_ptr<Predictor>(new Predictor(std::move(model)));
}

const std::shared_ptr<const ProgramDesc>& Predictor::program() const { return model_->program; }
const std::shared_ptr<Scope>& Predictor::scope() const { return model_->scope; }
const std::vector<std::string>& Predictor::inputs() const { return model_->inputs; }
const std::vector<std::string>& Predictor::outputs() const { return model_->outputs; }

const TensorMeta& Predictor::input_meta(int i) const {
  Require(i >= 0 && i < static_cast<int>(model_->input_metas.size()), "there is no input ", i, "; the model has ",
          model_->input_metas.size());
  return model_->input_metas[i];
}

std::vector<Tensor> Predictor::Run(std::span<const Tensor> inputs) {
  const Model& model = *model_;
  Require(inputs.size() == model.inputs.size(), "the model takes ", model.inputs.size(), " inputs ", model.inputs,
          ", got ", inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) CheckInput(model.inputs[i], model.input_metas[i], inputs[i]);
  Executor& executor = runner_->executor;
  const ParallelScope parallel(model.threads);
  std::unique_lock lock(model.running, std::defer_lock);
  if (model.one_at_a_time) lock.lock();
  const auto prepared = executor.Prepare(*model.program, model.inputs, model.outputs);
  std::vector<Variable> fetched = executor.Run(prepared, *model.scope, inputs);
  std::vector<Tensor> outputs;
  outputs.reserve(fetched.size());
  for (auto& variable : fetched) outputs.push_back(std::move(variable.get<Tensor>()));
  return outputs;
}

std::unique_ptr<Predictor> Predictor::Clone() const { return std::unique_ptr<Predictor>(new Predictor(model_)); }

}  // namespace paddle
