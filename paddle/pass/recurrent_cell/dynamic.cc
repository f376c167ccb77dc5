// Loops as DynamicRNN writes them: while, arrays of steps, a rank table.
#include <algorithm>
#include <map>

#include "paddle/base/errors.h"
#include "paddle/pass/recurrent_cell/body.h"

namespace paddle::recurrent_cell {
namespace {

// The only variable in a slot.
const std::string& Only(const OpDesc& op, const std::vector<std::string>& names) {
  Require(names.size() == 1 && names[0] != kEmptyName, "its op '", op.type(), "' has other arguments");
  return names[0];
}
const std::string& In(const OpDesc& op, std::string_view slot) { return Only(op, op.Input(slot)); }
const std::string& Out(const OpDesc& op, std::string_view slot) { return Only(op, op.Output(slot)); }

class Reader {
 public:
  Reader(const ProgramDesc& program, const Uses& uses, size_t at)
      : program_(program), block_(program.block(0)), uses_(uses), at_(at), op_(block_.op(static_cast<int>(at))) {}

  Loop Read() {
    loop_.op = at_;
    loop_.body = op_.AttrOr<BlockRef>("sub_block", {}).index;
    FindGradOp();
    ReadCounter();
    ReadBody();
    Require(counted_ && conditioned_, "its last op is not the condition on the number of steps");
    for (const auto& state : states_) loop_.states.push_back(state.second);
    for (const auto& state : loop_.states) Require(!state.after.empty(), "a memory is never updated");
    CheckWritten();
    CheckSameSequences();
    if (loop_.grad_op) ReadGradients();
    return std::move(loop_);
  }

 private:
  const OpDesc& OpAt(size_t at) const { return *block_.ops()[at]; }
  const OpDesc& WriterOf(const std::string& name, std::string_view type) const {
    const OpDesc& writer = OpAt(uses_.Writer(name));
    Require(writer.type() == type, "'", name, "' is made by '", writer.type(), "', not by '", type, "'");
    return writer;
  }

  void FindGradOp() {
    const auto& scopes = op_.Output("StepScopes");
    if (scopes.empty()) return;
    for (const size_t user : uses_.Of(scopes[0])) {
      if (user == at_) continue;
      Require(OpAt(user).type() == "while_grad" && !loop_.grad_op && user > at_, "other ops use its runs");
      loop_.grad_op = user;
    }
  }

  // The ops that may use what the loop writes.
  bool OnlyLoop(const std::string& name, std::set<size_t> others) const {
    others.insert(at_);
    if (loop_.grad_op) others.insert(*loop_.grad_op);
    return uses_.Only(name, others);
  }

  // step = 0; the loop runs while step < the longest length of the table.
  void ReadCounter() {
    condition_ = In(op_, "Condition");
    size_t less = at_;
    for (const size_t user : uses_.Of(condition_))
      if (user < at_) less = user;
    const OpDesc& compare = OpAt(less);
    Require(less < at_ && compare.type() == "less_than", "its condition is no comparison with a number of steps");
    Require(OnlyLoop(condition_, {less}), "other ops use its condition '", condition_, "'");
    counter_ = In(compare, "X");
    longest_ = In(compare, "Y");
    loop_.table = In(WriterOf(longest_, "max_sequence_len"), "RankTable");
    Require(WriterOf(loop_.table, "lod_rank_table").AttrOr<int32_t>("level", 0) == 0,
            "its steps are those of an inner LoD level");
    size_t start = at_;
    for (const size_t user : uses_.Of(counter_))
      if (user < less) start = user;
    Require(start < less && OpAt(start).type() == "fill_constant" && FilledWith(OpAt(start)) == 0,
            "its steps are not counted from 0");
    Require(OnlyLoop(counter_, {start, less}), "other ops use its counter '", counter_, "'");
  }

  bool Own(const std::string& name) const {
    const auto var = program_.block(loop_.body).FindVar(name);
    return var && !var->persistable();
  }

  void ReadBody() {
    for (const auto& op : program_.block(loop_.body).ops()) {
      Require(!conditioned_, "ops follow its condition");
      if (op->type() == "read_from_array")
        ReadItem(*op);
      else if (op->type() == "shrink_rnn_memory")
        ReadState(*op);
      else if (op->type() == "write_to_array")
        WriteItem(*op);
      else if (op->type() == "increment" && op->Input("X") == std::vector{counter_})
        Count(*op);
      else if (op->type() == "less_than" && op->Output("Out") == std::vector{condition_})
        CheckCondition(*op);
      else
        loop_.compute.push_back(op.get());
    }
  }

  void Count(const OpDesc& op) {
    Require(!counted_ && Out(op, "Out") == counter_ && op.AttrOr<float>("step", 1) == 1, "it counts otherwise");
    counted_ = true;
  }

  void CheckCondition(const OpDesc& op) {
    Require(counted_ && In(op, "X") == counter_ && In(op, "Y") == longest_, "its condition changes");
    conditioned_ = true;
  }

  // An array outside holds the steps of sequences, or one state after the other.
  void ReadItem(const OpDesc& op) {
    Require(!counted_ && In(op, "I") == counter_, "it reads an array at another place than the step's");
    const std::string& array = In(op, "X");
    const std::string& item = Out(op, "Out");
    Require(Own(item), "it writes '", item, "' outside");
    if (const auto written = op_.Output("Out"); std::find(written.begin(), written.end(), array) != written.end()) {
      Require(!items_.contains(item) && !states_.contains(array), "it reads an array twice");
      items_[item] = array;
      states_[array].before = "";
      return;
    }
    const OpDesc& cut = WriterOf(array, "lod_tensor_to_array");
    Require(In(cut, "RankTable") == loop_.table, "its inputs are of different rank tables");
    Loop::Input input{In(cut, "X"), item, {}};
    CheckUnchanged(input.sequences, uses_.Writer(array));
    const auto var = block_.FindVarRecursive(input.sequences);
    Require(var && var->kind() == VarKind::kTensor && var->lod_level() == 1, "'", input.sequences,
            "' has not one LoD level");
    arrays_.push_back(array);
    loop_.inputs.push_back(std::move(input));
  }

  void ReadState(const OpDesc& op) {
    Require(!counted_ && In(op, "I") == counter_ && In(op, "RankTable") == loop_.table,
            "a static input, or a memory of other steps, is in it");
    const auto item = items_.find(In(op, "X"));
    Require(item != items_.end(), "a static input is in it");
    auto& state = states_.at(item->second);
    Require(state.before.empty() && Own(Out(op, "Out")), "it reads a memory twice");
    state.before = Out(op, "Out");
  }

  void WriteItem(const OpDesc& op) {
    Require(In(op, "I") == counter_, "it writes an array at another place than the step's");
    const std::string& array = Out(op, "Out");
    if (counted_) {
      const auto state = states_.find(array);
      Require(state != states_.end() && state->second.after.empty() && !state->second.before.empty(), "it writes '",
              array, "' as no memory is written");
      state->second.after = In(op, "X");
      ReadInit(array, &state->second);
    } else {
      Require(!states_.contains(array) && !outputs_.contains(array), "it writes '", array, "' twice");
      ReadOutput(array, In(op, "X"));
    }
  }

  void ReadInit(const std::string& array, Loop::State* state) {
    size_t writer = at_;
    for (const size_t user : uses_.Of(array))
      if (user < at_) writer = user;
    Require(writer < at_ && OpAt(writer).type() == "write_to_array" && OnlyLoop(array, {writer}),
            "other ops use its memory '", array, "'");
    CheckZero(In(OpAt(writer), "I"), writer);
    state->init = In(OpAt(writer), "X");
    const size_t made = uses_.LastWriter(state->init, writer);
    if (made < writer && OpAt(made).type() == "fill_constant_batch_size_like")
      state->constant = FilledWith(OpAt(made));
    else
      CheckUnchanged(state->init, writer);
  }

  void CheckZero(const std::string& index, size_t at) const {
    const size_t made = uses_.LastWriter(index, at);
    Require(made < at && OpAt(made).type() == "fill_constant" && FilledWith(OpAt(made)) == 0,
            "a memory does not start at 0");
  }

  // What is read before the loop must be the same still where an op in its place, or in that of its gradient, reads it.
  void CheckUnchanged(const std::string& name, size_t read) const {
    Require(!uses_.WrittenIn(name, read, loop_.grad_op.value_or(at_) + 1), "'", name, "' changes in between");
  }

  void ReadOutput(const std::string& array, const std::string& step) {
    size_t join = at_;
    for (const size_t user : uses_.Of(array))
      if (user != at_ && user != loop_.grad_op) join = user;
    Require(join > at_ && OpAt(join).type() == "array_to_lod_tensor" && OnlyLoop(array, {join}) &&
                In(OpAt(join), "RankTable") == loop_.table,
            "ops read its output '", array, "' in other ways than as sequences");
    Loop::Output output{step, Out(OpAt(join), "Out"), {}};
    Require(uses_.Writer(output.whole) == join && !uses_.UsedIn(output.whole, 0, join) && block_.FindVar(output.whole),
            "'", output.whole, "' is used before");
    loop_.replaced.push_back(join);
    outputs_[array] = loop_.outputs.size();
    loop_.outputs.push_back(std::move(output));
  }

  // All that the loop writes outside must be known by now.
  void CheckWritten() const {
    for (const auto& name : op_.Output("Out"))
      Require(name == counter_ || name == condition_ || states_.contains(name) || outputs_.contains(name),
              "it writes '", name, "', which is no output or memory");
    for (const auto& name : op_.Output("StepScopes")) Require(OnlyLoop(name, {}), "other ops use its runs");
  }

  // The variable whose sequences these are, as far as it is certain before the program runs.
  std::string SourceOf(std::string name) const {
    static const std::map<std::string_view, std::string_view> kKeepSequences = {{"cast", "X"},
                                                                                {"dropout", "X"},
                                                                                {"elementwise_add", "X"},
                                                                                {"gru", "Input"},
                                                                                {"lookup_table", "Ids"},
                                                                                {"lstm", "Input"},
                                                                                {"mul", "X"},
                                                                                {"relu", "X"},
                                                                                {"scale", "X"},
                                                                                {"sigmoid", "X"},
                                                                                {"tanh", "X"}};
    for (size_t before = at_;;) {
      const size_t writer = uses_.LastWriter(name, before);
      if (writer == before) break;
      before = writer;
      const auto slot = kKeepSequences.find(OpAt(writer).type());
      if (slot == kKeepSequences.end() || uses_.Writer(name) != writer) break;
      name = In(OpAt(writer), slot->second);
    }
    return name;
  }

  // The loop would reject step inputs of different sequences; one product over all rows would not.
  void CheckSameSequences() const {
    for (const auto& input : loop_.inputs)
      Require(SourceOf(input.sequences) == SourceOf(loop_.inputs[0].sequences), "'", input.sequences, "' and '",
              loop_.inputs[0].sequences, "' may be different sequences");
  }

  // ---- the gradient ----

  void ReadGradients() {
    const OpDesc& grad = OpAt(*loop_.grad_op);
    const auto& x = grad.Input("X");
    const auto& x_grads = grad.Output("X@GRAD");
    Require(x.size() == x_grads.size(), "its gradient has other arguments");
    ReadOutputGradients(grad);
    for (size_t i = 0; i < x.size(); ++i)
      if (x_grads[i] != kEmptyName && !x_grads[i].empty()) ReadGradient(x[i], x_grads[i]);
    const auto& given = grad.Input("Out@GRAD");
    for (const auto& entry : states_)
      for (const auto& names : {given, x_grads})
        Require(std::find(names.begin(), names.end(), GradName(entry.first)) != names.end(),
                "its gradient does not go through the memory '", entry.first, "'");
  }

  void ReadOutputGradients(const OpDesc& grad) {
    const auto& given = grad.Input("Out@GRAD");
    Require(given == grad.AttrOr<std::vector<std::string>>("original_output_grad", {}),
            "its gradient knows the gradients of its outputs by other names");
    for (const auto& [array, number] : outputs_) {
      const std::string name = GradName(array);
      if (std::find(given.begin(), given.end(), name) == given.end()) continue;
      const size_t cut = uses_.Writer(name);
      Require(cut > at_ && cut < *loop_.grad_op && OpAt(cut).type() == "lod_tensor_to_array" &&
                  In(OpAt(cut), "RankTable") == loop_.table && uses_.Only(name, {cut, *loop_.grad_op}),
              "the gradient of '", array, "' comes in other ways than as sequences");
      loop_.outputs[number].grad = In(OpAt(cut), "X");
      Require(!uses_.WrittenIn(In(OpAt(cut), "X"), cut, *loop_.grad_op), "'", In(OpAt(cut), "X"),
              "' changes in between");
    }
  }

  void ReadGradient(const std::string& name, const std::string& grad) {
    for (size_t i = 0; i < arrays_.size(); ++i)
      if (arrays_[i] == name) return ReadInputGradient(name, grad, &loop_.inputs[i]);
    size_t number = 0;
    for (const auto& entry : states_) {
      if (entry.first == name) return ReadInitGradient(name, grad, &loop_.states[number]);
      ++number;
    }
    Require(!uses_.UsedIn(grad, 0, *loop_.grad_op), "'", grad, "' is used before");
    loop_.parameters.push_back({name, grad});
  }

  // The op that takes the gradient out of an array, and where it puts it.
  std::string TakeOut(const std::string& array, const std::string& grad, std::string_view type, size_t* taker) {
    Require(grad == GradName(array), "the gradient of '", array, "' has another name");
    const size_t grad_op = *loop_.grad_op;
    *taker = grad_op;
    for (const size_t user : uses_.Of(grad))
      if (user != grad_op) *taker = user;
    if (*taker == grad_op) {
      Require(uses_.Only(grad, {grad_op}), "'", grad, "' is read outside");
      return {};
    }
    Require(*taker > grad_op && OpAt(*taker).type() == type && uses_.Only(grad, {grad_op, *taker}), "the gradient of '",
            array, "' is read in other ways");
    return Out(OpAt(*taker), "Out");
  }

  void ReadInputGradient(const std::string& array, const std::string& grad, Loop::Input* input) {
    size_t taker = 0;
    input->grad = TakeOut(array, grad, "array_to_lod_tensor", &taker);
    if (input->grad.empty()) return;
    Require(In(OpAt(taker), "RankTable") == loop_.table, "the gradient of '", array, "' is of another rank table");
    Replace(input->grad, taker);
  }

  void ReadInitGradient(const std::string& array, const std::string& grad, Loop::State* state) {
    size_t taker = 0;
    state->grad = TakeOut(array, grad, "read_from_array", &taker);
    if (state->grad.empty()) return;
    CheckZero(In(OpAt(taker), "I"), taker);
    if (state->constant) {
      Require(uses_.Only(state->grad, {taker}), "the gradient of a constant memory is used");
      state->grad.clear();
      return;
    }
    Replace(state->grad, taker);
  }

  void Replace(const std::string& grad, size_t taker) {
    Require(!uses_.UsedIn(grad, *loop_.grad_op, taker), "'", grad, "' is used before");
    loop_.replaced.push_back(taker);
  }

  const ProgramDesc& program_;
  const BlockDesc& block_;
  const Uses& uses_;
  const size_t at_;
  const OpDesc& op_;
  Loop loop_;
  std::string condition_, counter_, longest_;
  bool counted_ = false, conditioned_ = false;
  std::vector<std::string> arrays_;            // one an input
  std::map<std::string, std::string> items_;   // from what was read of a state's array to the array
  std::map<std::string, Loop::State> states_;  // by array
  std::map<std::string, size_t> outputs_;      // by array
};

}  // namespace

Loop ReadDynamicLoop(const ProgramDesc& program, const Uses& uses, size_t at) {
  return Reader(program, uses, at).Read();
}

}  // namespace paddle::recurrent_cell
