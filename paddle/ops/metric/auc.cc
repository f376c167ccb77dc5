#include <algorithm>
#include <limits>
#include <utility>

#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct AucAttrs {
  std::string curve = "ROC";
  int32_t num_thresholds = 8191;
  int32_t slide_steps = 1;
  static auto Fields() {
    return std::tuple{
        Field{"curve", &AucAttrs::curve, "The curve under which the area is taken; only \"ROC\" exists."},
        Field{"num_thresholds", &AucAttrs::num_thresholds, "Predictions are sorted into num_thresholds + 1 bins."},
        Field{"slide_steps", &AucAttrs::slide_steps,
              "The last slide_steps batches count; 0: all batches since the statistics were zeroed."}};
  }
};

// Statistics: `slide_steps` blocks of bins, one a batch in turn, then their sum, then the number of batches so far.
// With slide_steps 0: the sum alone.
int64_t StatSize(const AucAttrs& attrs) {
  const int64_t bins = int64_t{attrs.num_thresholds} + 1;
  return attrs.slide_steps == 0 ? bins : (int64_t{attrs.slide_steps} + 1) * bins + 1;
}

void Infer(const AucAttrs& attrs, InferContext& context) {
  Require(attrs.curve == "ROC", "curve is \"", attrs.curve, "\"; only \"ROC\" is there");
  Require(attrs.num_thresholds >= 1, "num_thresholds is ", attrs.num_thresholds, "; expected 1 or more");
  Require(attrs.slide_steps >= 0, "slide_steps is ", attrs.slide_steps, "; expected 0 or more");
  const TensorMeta &predict = context.In("Predict"), &label = context.In("Label");
  context.CheckDType("Predict", {DType::kFloat32});
  context.CheckDType("Label", kIndices);
  context.CheckRank("Predict", 2, 2);
  Require(predict.dims[1] <= 2, "Predict has shape ", predict.dims,
          "; expected [rows, 2], the probabilities of the two classes, or [rows, 1]");
  const int64_t rows = predict.dims[0], labels = label.numel();
  Require(SizesAgree(rows, labels), "Predict has ", rows, " rows but Label has shape ", label.dims,
          "; expected one label a row");
  for (const auto slot : {"StatPos", "StatNeg"}) {
    const TensorMeta& stat = context.In(slot);
    Require(stat.dtype == DType::kInt64, "input ", slot, " is ", stat.dtype, "; expected int64");
    Require(SizesAgree(stat.numel(), StatSize(attrs)), "input ", slot, " has shape ", stat.dims, "; expected ",
            StatSize(attrs), " elements for num_thresholds ", attrs.num_thresholds, " and slide_steps ",
            attrs.slide_steps);
  }
  context.SetOut("AUC", {1}, DType::kFloat64);
  context.CopyMeta("StatPos", "StatPosOut");
  context.CopyMeta("StatNeg", "StatNegOut");
}

// Counts come from outside and may be anything: they wrap.
int64_t Plus(int64_t a, int64_t b) { return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b)); }
int64_t Minus(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}

// The two bins' arrays that this batch is counted into, zeroed where they are used again.
int64_t* OpenBlock(const AucAttrs& attrs, int64_t* stat) {
  const int64_t bins = int64_t{attrs.num_thresholds} + 1;
  if (attrs.slide_steps == 0) return stat;
  const int64_t batches = stat[StatSize(attrs) - 1];
  Require(batches >= 0 && batches < std::numeric_limits<int64_t>::max(),
          "the last element of StatPos and StatNeg, the number of batches so far, is ", batches,
          "; expected 0 or more");
  int64_t* block = stat + batches % attrs.slide_steps * bins;
  int64_t* sum = stat + attrs.slide_steps * bins;
  for (int64_t i = 0; i < bins; ++i) sum[i] = Minus(sum[i], std::exchange(block[i], 0));
  return block;
}

// Adds the batch to the sum and counts it; returns the sum.
const int64_t* CloseBlock(const AucAttrs& attrs, int64_t* stat, const int64_t* block) {
  const int64_t bins = int64_t{attrs.num_thresholds} + 1;
  if (attrs.slide_steps == 0) return stat;
  int64_t* sum = stat + attrs.slide_steps * bins;
  for (int64_t i = 0; i < bins; ++i) sum[i] = Plus(sum[i], block[i]);
  ++stat[StatSize(attrs) - 1];
  return sum;
}

// Trapezoids from the highest threshold down.
double Area(const int64_t* positives, const int64_t* negatives, int64_t bins) {
  double area = 0, pos = 0, neg = 0;
  for (int64_t i = bins - 1; i >= 0; --i) {
    const double next_pos = pos + static_cast<double>(positives[i]), next_neg = neg + static_cast<double>(negatives[i]);
    area += (next_neg - neg) * (pos + next_pos) / 2;
    pos = next_pos;
    neg = next_neg;
  }
  return pos > 0 && neg > 0 ? area / pos / neg : 0;
}

void Auc(const CpuContext&, const AucAttrs& attrs, const Tensor& predict, const Tensor& label, const Tensor& stat_pos,
         const Tensor& stat_neg, Tensor& auc, Tensor& stat_pos_out, Tensor& stat_neg_out) {
  const int64_t rows = predict.dim(0), width = predict.dim(1);
  const float* scores = predict.data<float>();
  int64_t *pos = stat_pos_out.mutable_data<int64_t>(), *neg = stat_neg_out.mutable_data<int64_t>();
  if (pos != stat_pos.data<int64_t>()) std::copy_n(stat_pos.data<int64_t>(), stat_pos.numel(), pos);
  if (neg != stat_neg.data<int64_t>()) std::copy_n(stat_neg.data<int64_t>(), stat_neg.numel(), neg);
  for (int64_t i = 0; i < rows; ++i) {
    const float score = scores[i * width + width - 1];
    Require(score >= 0 && score <= 1, "Predict is ", score, " in row ", i, "; expected probabilities in [0, 1]");
  }
  int64_t *pos_block = OpenBlock(attrs, pos), *neg_block = OpenBlock(attrs, neg);
  VisitIndex(label.dtype(), [&]<class T>() {
    const T* truth = label.data<T>();
    for (int64_t i = 0; i < rows; ++i) {
      const auto bin = static_cast<int64_t>(scores[i * width + width - 1] * static_cast<float>(attrs.num_thresholds));
      int64_t& count = (truth[i] ? pos_block : neg_block)[bin];
      count = Plus(count, 1);
    }
  });
  const int64_t *pos_sum = CloseBlock(attrs, pos, pos_block), *neg_sum = CloseBlock(attrs, neg, neg_block);
  *auc.mutable_data<double>() = Area(pos_sum, neg_sum, int64_t{attrs.num_thresholds} + 1);
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<AucAttrs>(
        {.name = "auc",
         .doc = "AUC = the area under the ROC curve of the predictions so far, approximated with num_thresholds + 1 "
                "bins and trapezoids.",
         .inputs = {{"Predict", "Probabilities, float32[rows, 2] or [rows, 1]; the last column is the positive class.",
                     kNoGradient},
                    {"Label", "0 or 1 a row.", kNoGradient},
                    {"StatPos", "Counts of positive examples a bin, int64; zeros at first.", kNoGradient},
                    {"StatNeg", "Counts of negative examples a bin, int64; zeros at first.", kNoGradient}},
         .outputs = {{"AUC", "The area, float64[1]; 0 while a class is missing."},
                     {"StatPosOut", "StatPos with this batch."},
                     {"StatNegOut", "StatNeg with this batch."}},
         .infer = Infer,
         .must_share = {{"StatPosOut", "StatPos"}, {"StatNegOut", "StatNeg"}}}),
    RegisterKernel("auc", Auc),
};

}  // namespace
}  // namespace paddle
