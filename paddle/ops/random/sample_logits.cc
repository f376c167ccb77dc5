// sample_logits: the logits of the true classes and of some drawn ones, for a sampled softmax (Jean et al., 2015).
#include <cmath>
#include <unordered_set>

#include "paddle/math/random.h"
#include "paddle/op/registry.h"
#include "paddle/ops/creation/random.h"
#include "paddle/ops/manipulation/manipulation.h"

namespace paddle {
namespace {

constexpr double kHit = 1e20;  // subtracted from the logit of a class that is true and was drawn

struct SampleLogitsAttrs {
  bool use_customized_samples = false;
  bool uniq = true;
  bool remove_accidental_hits = true;
  int32_t num_samples = 0;
  int32_t seed = 0;

  static auto Fields() {
    using A = SampleLogitsAttrs;
    return std::tuple{
        Field{"use_customized_samples", &A::use_customized_samples,
              "Take the classes and probabilities of the inputs in place of drawn ones."},
        Field{"uniq", &A::uniq, "Draw until num_samples different classes are found."},
        Field{"remove_accidental_hits", &A::remove_accidental_hits,
              "Subtract 1e20 from the logit of a drawn class that is a true one of the row."},
        Field{"num_samples", &A::num_samples, "Number of classes drawn, the same for all rows.", Presence::kRequired},
        Field{"seed", &A::seed, kRandomSeedDoc}};
  }
};

void InferDims(InferContext& context, std::string_view like, std::string_view output) {
  const TensorMeta meta = context.In(like);
  Dims dims = meta.dims;
  dims.Append(0);
  context.SetOut(output, dims, meta.dtype);
}

void Infer(const SampleLogitsAttrs& attrs, InferContext& context) {
  context.CheckDType("Logits", kFloats);
  context.CheckDType("Labels", kIndices);
  context.CheckRank("Logits", 2, 2);
  context.CheckRank("Labels", 2, 2);
  const Dims logits = context.In("Logits").dims, labels = context.In("Labels").dims;
  const DType dtype = context.In("Logits").dtype;
  Require(SizesAgree(logits[0], labels[0]), "Labels has shape ", labels, "; expected a row for each of the ", logits[0],
          " of Logits");
  Require(attrs.num_samples > 0, "num_samples is ", attrs.num_samples, "; expected 1 or more");
  const Dims samples{logits[0], labels[1] < 0 ? -1 : labels[1] + attrs.num_samples};
  if (attrs.use_customized_samples) {
    for (const std::string_view slot : {"CustomizedSamples", "CustomizedProbabilities"})
      Require(context.Has(slot) && DimsAgree(context.In(slot).dims, samples), "input ", slot,
              context.Has(slot) ? " does not fit" : " is missing", "; use_customized_samples needs one of shape ",
              samples, ": the true classes and num_samples more");
    context.CheckDType("CustomizedSamples", {DType::kInt64});
    context.CheckSameDType("Logits", "CustomizedProbabilities");
  } else {
    Require(!attrs.uniq || logits[1] < 0 || attrs.num_samples <= logits[1], "num_samples is ", attrs.num_samples,
            "; expected at most the ", logits[1], " classes of Logits");
    Require(logits[1] != 0, "Logits has shape ", logits, "; expected at least one class");
  }
  context.SetOut("Samples", samples, DType::kInt64);
  context.SetOut("Probabilities", samples, dtype);
  InferDims(context, "Logits", "LogitsDim");
  InferDims(context, "Labels", "LabelsDim");
  context.SetOut("SampledLogits", samples, dtype);
  context.SetOut("SampledLabels", labels, DType::kInt64);
}

void InferGrad(const SampleLogitsAttrs&, InferContext& context) {
  const Dims &logits = context.In("LogitsDim").dims, &d = context.In("SampledLogits@GRAD").dims;
  Require(logits.rank() == 3, "LogitsDim has shape ", logits, "; expected the shape of Logits and 0");
  context.CheckDType("SampledLogits@GRAD", kFloats);
  context.CheckDType("Samples", {DType::kInt64});
  context.CheckSameDims("Samples", "SampledLogits@GRAD");
  Require(d.rank() == 2 && SizesAgree(d[0], logits[0]), "SampledLogits@GRAD has shape ", d, "; expected ", logits[0],
          " rows");
  context.SetOut("Logits@GRAD", logits.Slice(0, 2), context.In("SampledLogits@GRAD").dtype);
}

// Class c has the probability log((c + 2) / (c + 1)) / log(classes + 1): about that of words in the order of their
// frequency.
double LogUniform(int64_t c, int64_t classes) {
  return std::log1p(1 / static_cast<double>(c + 1)) / std::log(static_cast<double>(classes) + 1);
}

struct Drawn {
  std::vector<int64_t> classes;
  int64_t tries = 0;
};

Drawn Draw(const SampleLogitsAttrs& attrs, const math::Philox& philox, int64_t classes) {
  Drawn drawn;
  std::unordered_set<int64_t> seen;
  while (drawn.classes.size() < static_cast<size_t>(attrs.num_samples)) {
    const double u = math::UniformBlock<double>(philox, static_cast<uint64_t>(drawn.tries++))[0];
    const auto value = static_cast<int64_t>(std::pow(static_cast<double>(classes) + 1, u)) - 1;
    const int64_t c = std::clamp<int64_t>(value, 0, classes - 1);
    if (!attrs.uniq || seen.insert(c).second) drawn.classes.push_back(c);
  }
  return drawn;
}

// Samples and Probabilities: of each row the true classes, then the drawn ones. A class's probability is that of its
// being among the drawn ones; without uniq how often it is expected there.
template <class T>
void FillDrawn(const SampleLogitsAttrs& attrs, const math::Philox& philox, const std::vector<int64_t>& labels,
               int64_t truths, int64_t classes, Tensor* samples, Tensor* probabilities) {
  const Drawn drawn = Draw(attrs, philox, classes);
  const auto tries = static_cast<double>(drawn.tries);
  const int64_t columns = samples->dim(1);
  int64_t* to = samples->mutable_data<int64_t>();
  T* p = probabilities->mutable_data<T>();
  for (int64_t i = 0; i < samples->numel(); ++i) {
    const int64_t k = i % columns;
    to[i] = k < truths ? labels[i / columns * truths + k] : drawn.classes[k - truths];
    const double q = LogUniform(to[i], classes);
    p[i] = static_cast<T>(attrs.uniq ? -std::expm1(tries * std::log1p(-q)) : tries * q);
  }
}

void Run(const CpuContext& cpu, const SampleLogitsAttrs& attrs, const RandomSource& random, const Tensor& logits,
         const Tensor& labels, const Tensor* custom_samples, const Tensor* custom_probabilities, Tensor* samples_out,
         Tensor* probabilities_out, Tensor*, Tensor*, Tensor& sampled_logits, Tensor& sampled_labels) {
  const int64_t classes = logits.dim(1), truths = labels.dim(1), columns = sampled_logits.dim(1);
  const auto truth = ToInt64s(labels);
  for (size_t i = 0; i < truth.size(); ++i)
    Require(truth[i] >= 0 && truth[i] < classes, "Labels[", i, "] is ", truth[i], "; expected 0 <= label < ", classes);
  Tensor samples = samples_out ? *samples_out : Tensor(sampled_logits.dims(), DType::kInt64, cpu.allocator());
  Tensor probabilities =
      probabilities_out ? *probabilities_out : Tensor(sampled_logits.dims(), logits.dtype(), cpu.allocator());
  int64_t* index = sampled_labels.mutable_data<int64_t>();
  for (int64_t i = 0; i < sampled_labels.numel(); ++i) index[i] = i % truths;
  VisitFloat(logits.dtype(), [&]<class T>() {
    if (attrs.use_customized_samples) {
      CopyBytes(*custom_samples, samples);
      CopyBytes(*custom_probabilities, probabilities);
    } else {
      FillDrawn<T>(attrs, RandomStream(random, attrs.seed), truth, truths, classes, &samples, &probabilities);
    }
    const int64_t* chosen = samples.data<int64_t>();
    const T *x = logits.data<T>(), *p = probabilities.data<T>();
    T* to = sampled_logits.mutable_data<T>();
    for (int64_t i = 0; i < sampled_logits.numel(); ++i) {
      const int64_t row = i / columns, c = chosen[i];
      Require(c >= 0 && c < classes, "CustomizedSamples[", i, "] is ", c, "; expected 0 <= class < ", classes);
      const auto own = truth.begin() + row * truths;
      const bool hit =
          attrs.remove_accidental_hits && i % columns >= truths && std::find(own, own + truths, c) != own + truths;
      to[i] = static_cast<T>(x[row * classes + c] - (hit ? kHit : 0.0)) - std::log(p[i]);
    }
  });
}

void RunGrad(const CpuContext&, const SampleLogitsAttrs&, const Tensor*, const Tensor&, const Tensor& d_sampled,
             const Tensor& samples, Tensor& d_logits) {
  const int64_t classes = d_logits.dim(1), columns = samples.dim(1);
  const int64_t* chosen = samples.data<int64_t>();
  VisitFloat(d_sampled.dtype(), [&]<class T>() {
    const T* d = d_sampled.data<T>();
    T* to = d_logits.mutable_data<T>();
    std::fill(to, to + d_logits.numel(), T(0));
    for (int64_t i = 0; i < samples.numel(); ++i) {
      Require(chosen[i] >= 0 && chosen[i] < classes, "Samples[", i, "] is ", chosen[i], "; expected 0 <= class < ",
              classes);
      to[i / columns * classes + chosen[i]] += d[i];
    }
  });
}

const Registered kOp = RegisterOp<SampleLogitsAttrs>({
    .name = "sample_logits",
    .doc =
        "The logits of the true classes and of drawn ones, less the logarithms of their probabilities of being drawn: "
        "what a softmax over a sample of the classes takes (Jean et al., 2015). Class c is drawn with the probability "
        "log((c + 2) / (c + 1)) / log(classes + 1).",
    .inputs = {{"Logits", "[rows, classes]."},
               {"Labels", "True classes, int64 or int32 [rows, true classes of each].", kNoGradient},
               {"CustomizedSamples", "For use_customized_samples: int64 [rows, true classes + num_samples].",
                kOptional | kNoGradient},
               {"CustomizedProbabilities", "For use_customized_samples: their probabilities.",
                kOptional | kNoGradient}},
    .outputs = {{"Samples", "True classes and drawn ones of each row, int64 [rows, both].", kIntermediate},
                {"Probabilities", "Their probabilities of being drawn, [rows, both].", kIntermediate},
                {"LogitsDim", "Empty; its shape is that of Logits and 0.", kIntermediate},
                {"LabelsDim", "Empty; its shape is that of Labels and 0.", kIntermediate},
                {"SampledLogits", "[rows, both].", kIntermediate},
                {"SampledLabels", "The columns of the true classes in SampledLogits: 0, 1, ... in each row; int64."}},
    .infer = Infer,
    .traits = kRandom,
});
const Registered kCpu = RegisterKernel("sample_logits", Run);

const Registered kGradOp = RegisterOp<SampleLogitsAttrs>({
    .name = "sample_logits_grad",
    .doc = "Gradient of sample_logits: each class gets what its places in SampledLogits got.",
    .inputs = {{"LabelsDim", "Of the forward op; not read.", kUnread},
               {"LogitsDim", "Of the forward op.", kMetaOnly},
               {"SampledLogits@GRAD", "Gradient of SampledLogits."},
               {"Samples", "Of the forward op.", kNoGradient}},
    .outputs = {{"Logits@GRAD", "Gradient of Logits."}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("sample_logits_grad", RunGrad);

}  // namespace
}  // namespace paddle
