// edit_distance: how many tokens must change to make one sequence of another (Levenshtein, 1966).
#include <numeric>

#include "paddle/device/parallel.h"
#include "paddle/op/registry.h"
#include "paddle/ops/labelling/ranges.h"

namespace paddle {
namespace {

struct EditDistanceAttrs {
  bool normalized = false;

  static auto Fields() {
    return std::tuple{
        Field{"normalized", &EditDistanceAttrs::normalized, "Divide by the length of the sequence in Refs."}};
  }
};

// Checks one of the inputs and returns how many sequences it has; -1 when that is not known.
int64_t CheckSequences(const InferContext& context, std::string_view slot, std::string_view lengths) {
  context.CheckDType(slot, kIndices);
  const Dims& dims = context.In(slot).dims;
  if (context.Has(lengths)) {
    const bool fits = dims.rank() == 2 || (dims.rank() == 3 && SizesAgree(dims[2], 1));
    Require(fits, "input ", slot, " has shape ", dims, "; expected [sequences, size] or [sequences, size, 1]");
    CheckLengths(context, lengths, dims[0]);
    return dims[0];
  }
  const bool fits = dims.rank() == 1 || (dims.rank() == 2 && SizesAgree(dims[1], 1));
  Require(fits, "input ", slot, " has shape ", dims, "; expected [tokens, 1] or [tokens]");
  return context.building() ? -1 : RequireLod(context, slot).last_sequences();
}

void Infer(const EditDistanceAttrs&, InferContext& context) {
  Require(context.Has("HypsLength") == context.Has("RefsLength"),
          "one of HypsLength and RefsLength is missing; expected "
          "both for padded sequences, or none for LoDTensors");
  context.CheckSameDType("Hyps", "Refs");
  const int64_t hyps = CheckSequences(context, "Hyps", "HypsLength"),
                refs = CheckSequences(context, "Refs", "RefsLength");
  Require(SizesAgree(hyps, refs), "Hyps has ", hyps, " sequences and Refs ", refs, "; expected the same number");
  context.SetOut("SequenceNum", {1}, DType::kInt64);
  context.SetOut("Out", {hyps < 0 ? refs : hyps, 1}, DType::kFloat32);
}

// One row of the table of distances of prefixes at a time.
template <class T>
int64_t Distance(const T* hyp, int64_t m, const T* ref, int64_t n, std::vector<int64_t>* row) {
  row->resize(n + 1);
  int64_t* d = row->data();
  std::iota(d, d + n + 1, 0);
  for (int64_t i = 0; i < m; ++i) {
    int64_t diagonal = d[0];
    d[0] = i + 1;
    for (int64_t j = 0; j < n; ++j) {
      const int64_t changed = diagonal + (hyp[i] != ref[j]);
      diagonal = d[j + 1];
      d[j + 1] = std::min({changed, d[j] + 1, diagonal + 1});
    }
  }
  return d[n];
}

void Run(const CpuContext&, const EditDistanceAttrs& attrs, const Tensor& hyps, const Tensor& refs,
         const Tensor* hyps_length, const Tensor* refs_length, Tensor& count, Tensor& out) {
  const auto hyp_ranges = RangesOf(hyps, hyps_length, "HypsLength"),
             ref_ranges = RangesOf(refs, refs_length, "RefsLength");
  const int64_t sequences = static_cast<int64_t>(hyp_ranges.size());
  *count.mutable_data<int64_t>() = sequences;
  float* to = out.mutable_data<float>();
  int64_t longest = 1;
  for (int64_t s = 0; s < sequences; ++s) {
    longest = std::max(longest, ref_ranges[s].length);
    Require(!attrs.normalized || ref_ranges[s].length > 0, "sequence ", s,
            " of Refs is empty: a distance to it cannot be normalized by its length");
  }
  VisitIndex(hyps.dtype(), [&]<class T>() {
    const T *hyp = hyps.data<T>(), *ref = refs.data<T>();
    ParallelFor(sequences, SequencesPerTask(hyp_ranges, longest), [&](int64_t from, int64_t end) {
      std::vector<int64_t> row;
      for (int64_t s = from; s < end; ++s) {
        const RowRange &a = hyp_ranges[s], &b = ref_ranges[s];
        const auto distance = static_cast<float>(Distance(hyp + a.begin, a.length, ref + b.begin, b.length, &row));
        to[s] = attrs.normalized ? distance / static_cast<float>(b.length) : distance;
      }
    });
  });
}

const Registered kOp = RegisterOp<EditDistanceAttrs>({
    .name = "edit_distance",
    .doc = "The edit distance (Levenshtein, 1966) of pairs of sequences: how many tokens must be inserted, deleted or "
           "replaced to make the one of the other.",
    .inputs = {{"Hyps", "The sequences found, int64 or int32: LoDTensor [tokens, 1]; with lengths [sequences, size].",
                kNoGradient},
               {"Refs", "The right sequences, as Hyps.", kNoGradient},
               {"HypsLength", "Lengths of the padded sequences in Hyps, [sequences] or [sequences, 1].",
                kOptional | kNoGradient},
               {"RefsLength", "Lengths of the padded sequences in Refs, [sequences] or [sequences, 1].",
                kOptional | kNoGradient}},
    .outputs = {{"SequenceNum", "Number of sequences, int64 [1]."}, {"Out", "The distances, float32 [sequences, 1]."}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("edit_distance", Run);

}  // namespace
}  // namespace paddle
