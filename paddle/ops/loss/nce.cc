// nce: noise-contrastive estimation (Gutmann and Hyvarinen, 2010).
#include <cmath>

#include "paddle/math/functions.h"
#include "paddle/op/registry.h"
#include "paddle/ops/creation/random.h"
#include "paddle/ops/loss/class_rows.h"

namespace paddle {
namespace {

struct NceAttrs : RemoteRows {
  int32_t num_total_classes = 0;
  int32_t num_neg_samples = 10;
  int32_t sampler = 0;
  int32_t seed = 0;
  std::vector<int32_t> custom_neg_classes;

  static auto Fields() {
    using A = NceAttrs;
    return std::tuple_cat(
        std::tuple{Field{"num_total_classes", &A::num_total_classes, "Number of classes.", Presence::kRequired},
                   Field{"num_neg_samples", &A::num_neg_samples, "Number of noise classes drawn for each sample."},
                   Field{"sampler", &A::sampler,
                         "The distribution of the noise. 0: uniform; 1: class c has the probability log((c + 2) / (c + "
                         "1)) / log(classes), and the last class is never drawn; 2: that of CustomDistProbs."},
                   Field{"seed", &A::seed, kRandomSeedDoc},
                   Field{"is_sparse", &A::is_sparse,
                         "Whether the gradient of Weight is SelectedRows: only the rows of classes that were used."}},
        RemoteFields<A>(),
        std::tuple{Field{"custom_neg_classes", &A::custom_neg_classes,
                         "Noise classes to use in place of drawn ones, num_neg_samples of them, for tests."}});
  }
};

enum Sampler { kUniform, kLogUniform, kCustom };

void CheckDistribution(const InferContext& context, int64_t classes) {
  for (const std::string_view slot : {"CustomDistProbs", "CustomDistAlias", "CustomDistAliasProbs"}) {
    Require(context.Has(slot), "input ", slot, " is missing; sampler 2 needs it");
    context.CheckDType(slot, slot == "CustomDistAlias" ? kIndices : kFloats);
    Require(SizesAgree(context.In(slot).numel(), classes), slot, " has shape ", context.In(slot).dims,
            "; expected a number for each of the ", classes, " classes");
  }
}

// [samples, true classes and noise of each]; checks inputs and attributes.
Dims CheckInputs(const NceAttrs& attrs, const InferContext& context) {
  attrs.CheckLocal();
  const int64_t classes = attrs.num_total_classes;
  Require(classes > 0, "num_total_classes is ", classes, "; expected 1 or more");
  Require(attrs.num_neg_samples > 0, "num_neg_samples is ", attrs.num_neg_samples, "; expected 1 or more");
  Require(attrs.sampler >= kUniform && attrs.sampler <= kCustom, "sampler is ", attrs.sampler,
          "; expected 0 (uniform), 1 (log-uniform) or 2 (custom)");
  Require(attrs.sampler != kLogUniform || classes > 1, "num_total_classes is 1; sampler 1 needs 2 classes or more");
  const auto given = attrs.custom_neg_classes.size();
  Require(given == 0 || given == static_cast<size_t>(attrs.num_neg_samples), "custom_neg_classes has ", given,
          " entries; expected num_neg_samples = ", attrs.num_neg_samples, " or none");
  for (const int32_t c : attrs.custom_neg_classes)
    Require(c >= 0 && c < classes, "custom_neg_classes holds ", c, "; expected 0 <= class < ", classes);
  context.CheckDType("Input", kFloats);
  context.CheckSameDType("Input", "Weight");
  context.CheckRank("Input", 2, 2);
  context.CheckDType("Label", kIndices);
  context.CheckRank("Label", 1, 2);
  const Dims &x = context.In("Input").dims, &w = context.In("Weight").dims, &label = context.In("Label").dims;
  Require(SizesAgree(label[0], x[0]), "Label has shape ", label, "; expected a row for each of the ", x[0], " samples");
  Require(DimsAgree(w, {classes, x[1]}), "Weight has shape ", w, "; expected [", classes, ", ", x[1], "]");
  CheckBias(context, "Input", classes);
  if (context.Has("SampleWeight")) {
    context.CheckSameDType("Input", "SampleWeight");
    const TensorMeta& weight = context.In("SampleWeight");
    Require(SizesAgree(weight.numel(), x[0]), "SampleWeight has shape ", weight.dims, "; expected [", x[0], ", 1]");
  }
  if (attrs.sampler == kCustom) CheckDistribution(context, classes);
  const int64_t truths = label.rank() == 2 ? label[1] : 1;
  return {x[0], truths < 0 ? -1 : truths + attrs.num_neg_samples};
}

void Infer(const NceAttrs& attrs, InferContext& context) {
  const Dims terms = CheckInputs(attrs, context);
  const DType dtype = context.In("Input").dtype;
  context.SetOut("Cost", {terms[0], 1}, dtype);
  context.SetOut("SampleLogits", terms, dtype);
  context.SetOut("SampleLabels", terms, DType::kInt64);
}

void InferGrad(const NceAttrs& attrs, InferContext& context) {
  const Dims terms = CheckInputs(attrs, context);
  const auto check = [&](std::string_view slot, const Dims& expected) {
    Require(DimsAgree(context.In(slot).dims, expected), slot, " has shape ", context.In(slot).dims, "; expected ",
            expected);
  };
  context.CheckSameDType("Input", "Cost@GRAD");
  context.CheckSameDType("Input", "SampleLogits");
  context.CheckDType("SampleLabels", {DType::kInt64});
  check("Cost@GRAD", {terms[0], 1});
  check("SampleLogits", terms);
  check("SampleLabels", terms);
  context.CopyMeta("Input", "Input@GRAD");
  SetTableGrad(context, "Weight", "Weight@GRAD", attrs.is_sparse);
  if (context.Has("Bias")) context.CopyMeta("Bias", "Bias@GRAD");
}

// The distribution of the noise.
class Noise {
 public:
  Noise(const NceAttrs& attrs, const Tensor* probs, const Tensor* alias, const Tensor* alias_probs)
      : attrs_(attrs), classes_(attrs.num_total_classes) {
    if (attrs.sampler != kCustom) return;
    probs_ = ReadDoubles(*probs);
    alias_ = ToInt64s(*alias);
    alias_probs_ = ReadDoubles(*alias_probs);
  }

  // How often the class is expected among the noise of a sample.
  double Expected(int64_t c) const {
    const double n = attrs_.num_neg_samples;
    if (attrs_.sampler == kUniform) return n / static_cast<double>(classes_);
    if (attrs_.sampler == kCustom) return n * probs_[c];
    return n * std::log1p(1 / static_cast<double>(c + 1)) / std::log(static_cast<double>(classes_));
  }

  int64_t Draw(const math::Philox& philox, int64_t index) const {
    const auto bits = philox(static_cast<uint64_t>(index));
    const uint64_t wide = uint64_t{bits[1]} << 32 | bits[0];
    if (attrs_.sampler == kLogUniform) {
      const double u = static_cast<double>(wide >> 11) * 0x1p-53;
      const auto c = static_cast<int64_t>(std::pow(static_cast<double>(classes_), u)) - 1;
      return std::clamp<int64_t>(c, 0, classes_ - 2);
    }
    const auto c = static_cast<int64_t>(math::BelowBound(wide, static_cast<uint64_t>(classes_)));
    if (attrs_.sampler == kUniform || static_cast<double>(bits[2]) * 0x1p-32 < alias_probs_[c]) return c;
    Require(alias_[c] >= 0 && alias_[c] < classes_, "CustomDistAlias[", c, "] is ", alias_[c],
            "; expected 0 <= class < ", classes_, " where CustomDistAliasProbs is below 1");
    return alias_[c];
  }

 private:
  static std::vector<double> ReadDoubles(const Tensor& tensor) {
    return VisitFloat(tensor.dtype(), [&]<class T>() {
      return std::vector<double>(tensor.data<T>(), tensor.data<T>() + tensor.numel());
    });
  }

  const NceAttrs& attrs_;
  int64_t classes_;
  std::vector<double> probs_, alias_probs_;
  std::vector<int64_t> alias_;
};

// The true classes of each sample and its noise behind them.
std::vector<int64_t> ChooseClasses(const NceAttrs& attrs, const Noise& noise, const RandomSource& random,
                                   const Tensor& label, int64_t truths) {
  const math::Philox philox = RandomStream(random, attrs.seed);
  const auto labels = ToInt64s(label);
  const int64_t samples = label.dim(0), per_sample = truths + attrs.num_neg_samples;
  std::vector<int64_t> classes(samples * per_sample);
  for (int64_t i = 0; i < samples; ++i)
    for (int64_t k = 0; k < per_sample; ++k) {
      int64_t& c = classes[i * per_sample + k];
      if (k < truths) {
        c = labels[i * truths + k];
        Require(c >= 0 && c < attrs.num_total_classes, "Label[", i * truths + k, "] is ", c, "; expected 0 <= label < ",
                attrs.num_total_classes);
      } else {
        c = attrs.custom_neg_classes.empty() ? noise.Draw(philox, i * attrs.num_neg_samples + k - truths)
                                             : attrs.custom_neg_classes[k - truths];
      }
    }
  return classes;
}

void Run(const CpuContext&, const NceAttrs& attrs, const RandomSource& random, const Tensor& input, const Tensor& label,
         const Tensor& weight, const Tensor* bias, const Tensor* sample_weight, const Tensor* probs,
         const Tensor* alias, const Tensor* alias_probs, Tensor& cost, Tensor* sample_logits, Tensor* sample_labels) {
  const Noise noise(attrs, probs, alias, alias_probs);
  const int64_t truths = label.rank() == 2 ? label.dim(1) : 1, width = input.dim(1);
  const int64_t per_sample = truths + attrs.num_neg_samples;
  const auto classes = ChooseClasses(attrs, noise, random, label, truths);
  if (sample_labels) std::copy(classes.begin(), classes.end(), sample_labels->mutable_data<int64_t>());
  VisitFloat(input.dtype(), [&]<class T>() {
    const T *x = input.data<T>(), *w = weight.data<T>(), *b = bias ? bias->data<T>() : nullptr;
    const T* factor = sample_weight ? sample_weight->data<T>() : nullptr;
    T *to = cost.mutable_data<T>(), *probability = sample_logits ? sample_logits->mutable_data<T>() : nullptr;
    const int64_t grain = std::max<int64_t>(1, 4096 / std::max<int64_t>(width * per_sample, 1));
    ParallelFor(input.dim(0), grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        T sum = 0;
        for (int64_t k = 0; k < per_sample; ++k) {
          const int64_t c = classes[i * per_sample + k];
          const T p = math::Sigmoid(RowLogit(x + i * width, w, b, c, width)), q = static_cast<T>(noise.Expected(c));
          if (probability) probability[i * per_sample + k] = p;
          sum -= std::log((k < truths ? p : q) / (p + q));
        }
        to[i] = factor ? factor[i] * sum : sum;
      }
    });
  });
}

template <class TableGrad>
void RunGrad(const CpuContext& cpu, const NceAttrs& attrs, const Tensor* bias, const Tensor& d_cost,
             const Tensor* alias, const Tensor* alias_probs, const Tensor* probs, const Tensor& input,
             const Tensor& label, const Tensor& sample_labels, const Tensor& sample_logits, const Tensor* sample_weight,
             const Tensor& weight, Tensor* d_bias, Tensor* d_input, TableGrad* d_weight) {
  const Noise noise(attrs, probs, alias, alias_probs);
  const int64_t truths = label.rank() == 2 ? label.dim(1) : 1, per_sample = truths + attrs.num_neg_samples;
  const std::span<const int64_t> classes(sample_labels.data<int64_t>(), static_cast<size_t>(sample_labels.numel()));
  for (size_t k = 0; k < classes.size(); ++k)
    Require(classes[k] >= 0 && classes[k] < attrs.num_total_classes, "SampleLabels[", k, "] is ", classes[k],
            "; expected 0 <= class < ", attrs.num_total_classes);
  VisitFloat(input.dtype(), [&]<class T>() {
    const T *p = sample_logits.data<T>(), *d = d_cost.data<T>();
    const T* factor = sample_weight ? sample_weight->data<T>() : nullptr;
    std::vector<T> terms(classes.size());
    for (int64_t k = 0; k < static_cast<int64_t>(terms.size()); ++k) {
      const int64_t i = k / per_sample;
      const T q = static_cast<T>(noise.Expected(classes[k])), rest = 1 - p[k];
      const T slope = k % per_sample < truths ? -q * rest / (p[k] + q) : p[k] * rest / (p[k] + q);
      terms[k] = slope * d[i] * (factor ? factor[i] : T(1));
    }
    if (d_input) SumInputGrad<T>(classes, terms.data(), weight.data<T>(), weight.dim(1), per_sample, d_input);
    if (!d_weight && !(d_bias && bias)) return;
    const RowTerms by_class(classes);
    if (d_weight) SumTableGrad<T>(cpu, by_class, terms.data(), input.data<T>(), per_sample, *d_weight);
    if (d_bias && bias) by_class.SumBias<T>(terms.data(), d_bias);
  });
}

constexpr std::string_view kForward = "Of the forward op.";

const Registered kOp = RegisterOp<NceAttrs>({
    .name = "nce",
    .doc =
        "Noise-contrastive estimation (Gutmann and Hyvarinen, 2010): tells the true classes from classes drawn from a "
        "noise distribution. With p = sigmoid(Input . Weight[c] + Bias[c]) and q = num_neg_samples times the noise's "
        "probability of c, a true class costs -log(p / (p + q)) and a drawn one -log(q / (p + q)).",
    .inputs = {{"Input", "Features [samples, width]."},
               {"Label", "True classes, int64 or int32 [samples, true classes of each].", kNoGradient},
               {"Weight", "A row for each class, [classes, width]."},
               {"Bias", "One number a class.", kOptional},
               {"SampleWeight", "Factors of the samples' costs, [samples, 1].", kOptional | kNoGradient},
               {"CustomDistProbs", "The noise's probability of each class, for sampler 2.", kOptional | kNoGradient},
               {"CustomDistAlias",
                "Alias table for drawing (Walker, 1977): the other class that shares a class's slot.",
                kOptional | kNoGradient},
               {"CustomDistAliasProbs", "Alias table: a class's own part of its slot.", kOptional | kNoGradient}},
    .outputs = {{"Cost", "[samples, 1]."},
                {"SampleLogits", "p of the true classes and of the drawn ones, [samples, both].", kIntermediate},
                {"SampleLabels", "These classes, int64 [samples, both].", kIntermediate}},
    .infer = Infer,
    .traits = kRandom,
});
const Registered kCpu = RegisterKernel("nce", Run);

const Registered kGradOp = RegisterOp<NceAttrs>({
    .name = "nce_grad",
    .doc = "Gradient of nce for the classes that it drew.",
    .inputs = {{"Bias", kForward, kOptional | kMetaOnly},
               {"Cost@GRAD", "Gradient of Cost."},
               {"CustomDistAlias", kForward, kOptional | kNoGradient},
               {"CustomDistAliasProbs", kForward, kOptional | kNoGradient},
               {"CustomDistProbs", kForward, kOptional | kNoGradient},
               {"Input", kForward},
               {"Label", kForward, kMetaOnly | kNoGradient},
               {"SampleLabels", kForward, kNoGradient},
               {"SampleLogits", kForward},
               {"SampleWeight", kForward, kOptional | kNoGradient},
               {"Weight", kForward}},
    .outputs = {{"Bias@GRAD", "Gradient of Bias.", kOptional},
                {"Input@GRAD", "Gradient of Input.", kOptional},
                {"Weight@GRAD", "Gradient of Weight, dense or SelectedRows.", kOptional}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("nce_grad", RunGrad<Tensor>);
const Registered kSparseGradCpu = RegisterKernel("nce_grad", RunGrad<SelectedRows>);

}  // namespace
}  // namespace paddle
