// beam_search: one step, the best continuations for each source sentence.
#include <algorithm>
#include <cmath>

#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct BeamSearchAttrs {
  int32_t level = 0, beam_size = 0, end_id = 0;
  bool is_accumulated = true;
  static auto Fields() {
    using A = BeamSearchAttrs;
    return std::tuple{
        Field{"level", &A::level, "The LoD level of scores whose sequences are sources.", Presence::kRequired},
        Field{"beam_size", &A::beam_size, "How many continuations a source keeps.", Presence::kRequired},
        Field{"end_id", &A::end_id, "The word that ends a sentence.", Presence::kRequired},
        Field{"is_accumulated", &A::is_accumulated,
              "Whether scores are those of whole sentences; else probabilities, whose logarithms are added to "
              "pre_scores."}};
  }
};

// Each row of the inputs is a beam.
void CheckBeams(InferContext& context, std::string_view slot, int64_t width) {
  context.CheckRank(slot, 2, 2);
  const Dims& dims = context.In(slot).dims;
  Require(SizesAgree(dims[1], width) && SizesAgree(dims[0], context.In("scores").dims[0]), "input ", slot,
          " has shape ", dims, ", but scores has ", context.In("scores").dims, "; expected [",
          context.In("scores").dims[0], ", ", width, "]");
}

void Infer(const BeamSearchAttrs& attrs, InferContext& context) {
  Require(attrs.beam_size >= 1, "beam_size is ", attrs.beam_size, "; expected 1 at least");
  Require(attrs.level >= 0, "level is ", attrs.level, "; expected a LoD level, counted from 0");
  context.CheckDType("scores", kFloats);
  context.CheckSameDType("scores", "pre_scores");
  context.CheckRank("scores", 2, 2);
  CheckBeams(context, "pre_ids", 1);
  CheckBeams(context, "pre_scores", 1);
  context.CheckDType("pre_ids", {DType::kInt64});
  if (context.Has("ids")) {
    CheckBeams(context, "ids", context.In("scores").dims[1]);
    context.CheckDType("ids", {DType::kInt64});
  }
  const Lod& lod = context.In("scores").lod;
  Require(context.building() || attrs.level < lod.levels(), "scores has ", lod.levels(), " LoD levels, but level is ",
          attrs.level,
          ": it must say which beams belong to a source; the first step's input is made with "
          "fluid.create_lod_tensor and two levels of lengths 1");
  const DType dtype = context.In("scores").dtype;
  context.SetOut("selected_ids", {-1, 1}, DType::kInt64);
  context.SetOut("selected_scores", {-1, 1}, dtype);
  context.SetOut("parent_idx", {-1}, DType::kInt32);
  if (!context.building()) return;
  context.SetLodLevel("selected_ids", 2);
  context.SetLodLevel("selected_scores", 2);
}

template <class T>
struct Candidate {
  int64_t beam, word;
  T score;

  // Of equal scores the one of the later beam is better.
  bool operator<(const Candidate& other) const {
    return score < other.score || (score == other.score && beam < other.beam);
  }
};

// The best candidates so far, best first.
template <class T>
class Best {
 public:
  explicit Best(size_t size) : size_(size) {}

  // Takes the candidate, unless there are enough that are better.
  void Offer(const Candidate<T>& candidate) {
    if (held_.size() == size_) {
      if (candidate < held_.back()) return;
      held_.pop_back();
    }
    auto at = held_.end();
    while (at != held_.begin() && at[-1] < candidate) --at;
    held_.insert(at, candidate);
  }
  std::vector<Candidate<T>>& held() { return held_; }

 private:
  size_t size_;
  std::vector<Candidate<T>> held_;
};

template <class T>
struct Step {
  const int64_t* pre_ids;
  const T* pre_scores;
  const int64_t* ids;  // null: a candidate's place is its word
  const T* scores;
  int64_t width;
};

template <class T>
std::vector<Candidate<T>> SelectFor(const BeamSearchAttrs& attrs, const Step<T>& step, int64_t begin, int64_t end) {
  const int64_t most = (end - begin) * std::max<int64_t>(1, step.width);
  Best<T> best(static_cast<size_t>(std::min<int64_t>(attrs.beam_size, most)));
  if (most == 0) return {};
  for (int64_t beam = begin; beam < end; ++beam) {
    const T before = step.pre_scores[beam];
    if (step.pre_ids[beam] == attrs.end_id) {
      best.Offer({beam, attrs.end_id, before});
      continue;
    }
    for (int64_t k = beam * step.width; k < (beam + 1) * step.width; ++k)
      best.Offer({beam, step.ids ? step.ids[k] : k - beam * step.width,
                  attrs.is_accumulated ? step.scores[k] : before + std::log(step.scores[k])});
  }
  auto& held = best.held();
  const auto done = [&](const Candidate<T>& one) {
    return one.word == attrs.end_id && step.pre_ids[one.beam] == attrs.end_id;
  };
  if (std::all_of(held.begin(), held.end(), done)) return {};  // all its beams have ended
  std::stable_sort(held.begin(), held.end(), [](const auto& a, const auto& b) { return a.beam < b.beam; });
  return std::move(held);
}

// First rows of the sequences of a level, and the row behind the last.
std::vector<int64_t> RowOffsets(const Lod& lod, int level) {
  const auto first = lod.offsets(level);
  std::vector<int64_t> offsets(first.begin(), first.end());
  for (int k = level + 1; k < lod.levels(); ++k)
    for (int64_t& offset : offsets) offset = lod.offsets(k)[offset];
  return offsets;
}

template <class T>
void Select(const CpuContext& cpu, const BeamSearchAttrs& attrs, const Step<T>& step, const Lod& lod, DType dtype,
            Tensor* ids, Tensor* scores, Tensor* parents) {
  auto sources = RowOffsets(lod, attrs.level);
  std::vector<Candidate<T>> selected;
  for (size_t s = 0; s + 1 < sources.size(); ++s) {
    const auto more = SelectFor(attrs, step, sources[s], sources[s + 1]);
    selected.insert(selected.end(), more.begin(), more.end());
  }
  std::vector<int64_t> continued(sources.back() + 1, 0);
  for (const auto& one : selected) ++continued[one.beam + 1];
  for (size_t beam = 1; beam < continued.size(); ++beam) continued[beam] += continued[beam - 1];
  const Lod out_lod = Lod::FromOffsets({std::move(sources), std::move(continued)});
  const auto count = static_cast<int64_t>(selected.size());
  ids->Allocate({count, 1}, DType::kInt64, cpu.allocator());
  ids->set_lod(out_lod);
  scores->Allocate({count, 1}, dtype, cpu.allocator());
  scores->set_lod(out_lod);
  if (parents) parents->Allocate({count}, DType::kInt32, cpu.allocator());
  for (int64_t i = 0; i < count; ++i) {
    ids->mutable_data<int64_t>()[i] = selected[i].word;
    scores->mutable_data<T>()[i] = selected[i].score;
    if (parents) parents->mutable_data<int32_t>()[i] = static_cast<int32_t>(selected[i].beam);
  }
}

void Run(const CpuContext& cpu, const BeamSearchAttrs& attrs, const Tensor& pre_ids, const Tensor& pre_scores,
         const Tensor* ids, const Tensor& scores, Tensor& selected_ids, Tensor& selected_scores, Tensor* parents) {
  VisitFloat(scores.dtype(), [&]<class T>() {
    const Step<T> step{pre_ids.data<int64_t>(), pre_scores.data<T>(), ids ? ids->data<int64_t>() : nullptr,
                       scores.data<T>(), scores.dim(1)};
    Select(cpu, attrs, step, scores.lod(), scores.dtype(), &selected_ids, &selected_scores, parents);
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<BeamSearchAttrs>(
        {.name = "beam_search",
         .doc =
             "One step of beam search: the beam_size best continuations for each source sentence. A beam that ended "
             "goes on as itself; a source all of whose continuations are beams that had ended is done, and keeps none. "
             "Source: Graves, Sequence Transduction with Recurrent Neural Networks, 2012.",
         .inputs = {{"pre_ids", "int64 [beams, 1]: the last word of each beam.", kNoGradient},
                    {"pre_scores", "[beams, 1]: the score of each beam.", kNoGradient},
                    {"ids", "int64 [beams, k]: the candidates of each beam; where it is not there, 0 to k - 1.",
                     kOptional | kNoGradient},
                    {"scores", "[beams, k], of a LoD whose level `level` says which beams belong to a source.",
                     kNoGradient}},
         .outputs = {{"selected_ids",
                      "int64 [selected, 1], of two LoD levels: the beams of each source, and the continuations of each "
                      "beam.",
                      kDynamic},
                     {"selected_scores", "[selected, 1], with the same LoD.", kDynamic},
                     {"parent_idx", "int32 [selected]: the beam that each continues.", kOptional | kDynamic}},
         .infer = Infer,
         .traits = kHost}),
    RegisterKernel("beam_search", Run),
};

}  // namespace
}  // namespace paddle
