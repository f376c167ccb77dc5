// beam_search_decode: the sentences that the steps of a beam search make up.
#include <algorithm>

#include "paddle/op/registry.h"
#include "paddle/ops/control/array.h"

namespace paddle {
namespace {

struct DecodeAttrs {
  int32_t beam_size = 0, end_id = 0;
  static auto Fields() {
    using A = DecodeAttrs;
    return std::tuple{Field{"beam_size", &A::beam_size, "How many sentences a source may have.", Presence::kRequired},
                      Field{"end_id", &A::end_id, "The word that ends a sentence.", Presence::kRequired}};
  }
};

void Infer(const DecodeAttrs& attrs, InferContext& context) {
  CheckArray(context, "Ids");
  CheckArray(context, "Scores");
  Require(attrs.beam_size >= 1, "beam_size is ", attrs.beam_size, "; expected 1 at least");
  const DType ids = context.In("Ids").dtype, scores = context.In("Scores").dtype;
  SetUnknown(context, "SentenceIds", {-1}, ids, 2);
  SetUnknown(context, "SentenceScores", {-1}, scores, 2);
}

// Words and scores from the last to the first.
template <class T>
struct Sentence {
  std::vector<int64_t> words;
  std::vector<T> scores;
  int64_t before;  // the row of the step before that it continues
};

template <class T>
using Sentences = std::vector<std::vector<Sentence<T>>>;  // by source

void CheckStep(const Tensor& ids, const Tensor& scores, int64_t step) {
  Require(ids.dtype() == DType::kInt64, "item ", step, " of Ids is ", ids.dtype(), "; expected int64");
  Require(ids.lod().levels() == 2, "item ", step, " of Ids has ", ids.lod().levels(),
          " LoD levels; expected two: the beams of each source, and the words that continue each beam");
  const int64_t rows = ids.lod().rows();
  Require(ids.numel() == rows && scores.numel() == rows, "item ", step, " of Ids and Scores has shapes ", ids.dims(),
          " and ", scores.dims(), "; expected [", rows, ", 1], as the LoD of Ids says");
}

// Which words of the step before belong to a source must be which beams of this one do.
void CheckContinues(const Lod& before, const Lod& lod, int64_t step) {
  Require(lod.sequences(0) == before.sequences(0), "item ", step, " of Ids has ", lod.sequences(0),
          " sources, the one before has ", before.sequences(0));
  for (int64_t s = 0; s <= lod.sequences(0); ++s) {
    const int64_t rows = before.offsets(1)[before.offsets(0)[s]];
    Require(rows == lod.offsets(0)[s], "item ", step, " of Ids does not continue the one before: up to source ", s,
            " it has ", lod.offsets(0)[s], " beams, but that has ", rows, " words");
  }
}

void CheckSteps(const TensorArray& ids, const TensorArray& scores) {
  Require(!ids.items.empty(), "the array Ids has no items: no step of the search was written");
  Require(ids.items.size() == scores.items.size(), "Ids has ", ids.items.size(), " items, but Scores has ",
          scores.items.size(), "; expected as many");
  for (size_t step = 0; step < ids.items.size(); ++step) {
    const auto i = static_cast<int64_t>(step);
    CheckStep(ItemOf(ids, i, "Ids"), ItemOf(scores, i, "Scores"), i);
    Require(scores.items[step].dtype() == scores.items[0].dtype(), "item ", step, " of Scores is ",
            scores.items[step].dtype(), ", but item 0 is ", scores.items[0].dtype());
    if (step > 0) CheckContinues(ids.items[step - 1].lod(), ids.items[step].lod(), i);
  }
}

// One step back. A source without sentences, for all its beams had ended before the later steps, starts with the words
// of this one.
template <class T>
void StepBack(const DecodeAttrs& attrs, const Tensor& ids, const Tensor& scores, Sentences<T>* sentences) {
  const int64_t* word = ids.data<int64_t>();
  const T* score = scores.data<T>();
  const auto beams = ids.lod().offsets(0), words = ids.lod().offsets(1);
  for (size_t source = 0; source < sentences->size(); ++source) {
    auto& found = (*sentences)[source];
    if (found.empty()) {
      for (int64_t beam = beams[source]; beam < beams[source + 1]; ++beam)
        for (int64_t row = words[beam]; row < words[beam + 1]; ++row)
          found.push_back({{word[row]}, {score[row]}, beam});
      Require(static_cast<int64_t>(found.size()) <= attrs.beam_size, "source ", source, " has ", found.size(),
              " sentences, but beam_size is ", attrs.beam_size);
      continue;
    }
    for (Sentence<T>& sentence : found) {
      const int64_t row = sentence.before;
      if (word[row] != attrs.end_id) {  // a beam that had ended goes on as its end, which counts once
        sentence.words.push_back(word[row]);
        sentence.scores.push_back(score[row]);
      }
      sentence.before = std::upper_bound(words.begin(), words.end(), row) - words.begin() - 1;
    }
  }
}

template <class T>
void Write(const Sentences<T>& sentences, Allocator& allocator, DType dtype, Tensor* ids, Tensor* scores) {
  std::vector<int64_t> by_source{0}, by_sentence{0};
  for (const auto& found : sentences) {
    by_source.push_back(by_source.back() + static_cast<int64_t>(found.size()));
    for (const auto& sentence : found)
      by_sentence.push_back(by_sentence.back() + static_cast<int64_t>(sentence.words.size()));
  }
  const int64_t total = by_sentence.back();
  const Lod lod = Lod::FromOffsets({std::move(by_source), std::move(by_sentence)});
  ids->Allocate({total}, DType::kInt64, allocator);
  scores->Allocate({total}, dtype, allocator);
  ids->set_lod(lod);
  scores->set_lod(lod);
  int64_t* word = ids->mutable_data<int64_t>();
  T* score = scores->mutable_data<T>();
  for (const auto& found : sentences)
    for (const auto& sentence : found) {
      word = std::copy(sentence.words.rbegin(), sentence.words.rend(), word);
      score = std::copy(sentence.scores.rbegin(), sentence.scores.rend(), score);
    }
}

void Run(const CpuContext& cpu, const DecodeAttrs& attrs, const TensorArray& ids, const TensorArray& scores,
         Tensor& sentence_ids, Tensor& sentence_scores) {
  CheckSteps(ids, scores);
  const DType dtype = scores.items[0].dtype();
  VisitFloat(dtype, [&]<class T>() {
    Sentences<T> sentences(ids.items[0].lod().sequences(0));
    for (size_t step = ids.items.size(); step-- > 0;)
      StepBack<T>(attrs, ids.items[step], scores.items[step], &sentences);
    for (auto& found : sentences)
      std::stable_sort(found.begin(), found.end(),
                       [](const auto& a, const auto& b) { return a.scores.front() > b.scores.front(); });
    Write<T>(sentences, cpu.allocator(), dtype, &sentence_ids, &sentence_scores);
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<DecodeAttrs>(
        {.name = "beam_search_decode",
         .doc = "The sentences that the steps of a beam search make up, best first: follows the words of the last step "
                "back "
                "to the first. A sentence that ended early has its end once.",
         .inputs =
             {{"Ids",
               "Array of what beam_search selected in each step, behind the first words: int64 [words, 1], of two "
               "LoD levels.",
               kNoGradient},
              {"Scores", "Array of the scores, like Ids.", kNoGradient}},
         .outputs = {{"SentenceIds", "int64 [words of all sentences], of two LoD levels: the sentences of each source.",
                      kDynamic},
                     {"SentenceScores", "[words of all sentences]: the score of the sentence up to each word.",
                      kDynamic}},
         .infer = Infer,
         .traits = kHost}),
    RegisterKernel("beam_search_decode", Run),
};

}  // namespace
}  // namespace paddle
