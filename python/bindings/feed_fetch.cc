// Feeding and fetching through lists in a scope, and the methods of Executor that use them, as the older interface has
// it: set_feed_variable, run over block 0, get_fetch_variable.

#include "python/bindings/feed_fetch.h"

#include <algorithm>

#include "paddle/io/model.h"
#include "paddle/runtime/executor.h"
#include "python/bindings/convert.h"
#include "python/bindings/interrupt.h"
#include "python/bindings/tensor.h"

namespace paddle::bindings {
namespace {

std::shared_ptr<Variable> VariableOf(const ScopeHandle& scope, const std::string& name) {
  for (const ScopeHandle* at = &scope; at; at = at->parent.get())
    if (auto variable = at->scope->ShareLocal(name)) return variable;
  throw NotFound(StrCat("the scope has no variable '", name, "'"));
}

VariableHandle MakeVariable(const ScopeHandle& scope, const std::string& name) {
  scope.scope->Var(name);
  return {scope, scope.scope->ShareLocal(name), name};
}

std::shared_ptr<FetchItems> ListOf(const Variable& variable, const std::string& name) {
  const auto* held =
      variable.holds<Opaque>() ? std::any_cast<std::shared_ptr<FetchItems>>(&variable.get<Opaque>().value) : nullptr;
  Require(held != nullptr, "variable '", name, "' holds no list of fetched values");
  return *held;
}

Variable Share(const py::handle& value) {
  Variable variable;
  if (py::isinstance<TensorHandle>(value))
    variable.get<Tensor>() = value.cast<const TensorHandle&>().get();
  else if (py::isinstance<TensorArrayHandle>(value))
    variable.Become<TensorArray>() = value.cast<const TensorArrayHandle&>().get();
  else
    throw InvalidArgument(StrCat("expected a LoDTensor or LoDTensorArray, got ", py::repr(value).cast<std::string>()));
  return variable;
}

py::list MoveToList(FetchItems& items) {
  py::list out;
  for (Variable& variable : items) out.append(ToPython(std::move(variable)));
  items.clear();
  return out;
}

void Append(const FetchList& self, const py::object& value) { self.items->push_back(Share(value)); }

py::object Item(const FetchList& self, size_t i) {
  if (i >= self.items->size()) throw py::index_error(StrCat("value ", i, " of a list of ", self.items->size()));
  return ToPython(Variable((*self.items)[i]));
}

void SetFeed(const ScopeHandle& scope, const TensorHandle& tensor, const std::string& name, size_t index) {
  Require(index < 65536, "there is no feed column ", index, "; columns are numbered from 0");
  const VariableHandle variable = MakeVariable(scope, name);
  auto& items = variable.Become<TensorArray>().items;
  if (index >= items.size()) items.resize(index + 1);
  items[index] = tensor.get();
}

py::object GetFetch(const ScopeHandle& scope, const std::string& name, size_t index) {
  const auto items = ListOf(*VariableOf(scope, name), name);
  Require(index < items->size(), "there is no fetch column ", index, "; the list has ", items->size());
  return ToPython(Variable((*items)[index]));
}

// What a run of the older interface reads and leaves.
struct Columns {
  std::string feed = "feed", fetch = "fetch";
};

std::vector<Tensor> TakeFeeds(const ProgramDesc& program, const ScopeHandle& scope, const Columns& columns) {
  const auto names = FeedNames(program);
  if (names.empty()) return {};
  const auto& items = VariableOf(scope, columns.feed)->get<TensorArray>().items;
  Require(items.size() >= names.size(), "the program has ", names.size(), " feed ops ", names, ", but variable '",
          columns.feed, "' holds ", items.size(), " tensors; see set_feed_variable");
  return {items.begin(), items.begin() + static_cast<std::ptrdiff_t>(names.size())};
}

std::vector<Variable> RunOver(Executor& self, const ProgramDesc& program, const ScopeHandle& scope,
                              const std::vector<std::string>& feeds, const std::vector<Tensor>& tensors,
                              const std::vector<std::string>& fetches) {
  const auto prepared = self.Prepare(program, feeds, fetches);
  const InterruptGuard guard;
  const Scope::Use use(*scope.scope);
  const py::gil_scoped_release release;
  return self.Run(prepared, *scope.scope, tensors);
}

// Feed ops take from the scope's feed list, fetch ops leave in its fetch list. `kept`: further variables that stay, in
// the scope.
void RunColumns(Executor& self, const ProgramDesc& program, const ScopeHandle& scope,
                const std::vector<std::string>& kept, const Columns& columns = {}) {
  auto names = FetchNames(program);
  const auto fetched = static_cast<std::ptrdiff_t>(names.size());
  names.insert(names.end(), kept.begin(), kept.end());
  auto values = RunOver(self, program, scope, FeedNames(program), TakeFeeds(program, scope, columns), names);
  for (size_t i = 0; i < kept.size(); ++i) {
    const VariableHandle variable = MakeVariable(scope, kept[i]);
    Require(!scope.scope->in_use(), "a run over the scope is going on in another thread");
    *variable.variable = std::move(values[static_cast<size_t>(fetched) + i]);
    scope.scope->MarkChanged();
  }
  if (fetched == 0) return;
  auto items = std::make_shared<FetchItems>(std::make_move_iterator(values.begin()),
                                            std::make_move_iterator(values.begin() + fetched));
  MakeVariable(scope, columns.fetch).Become<Opaque>().value = std::move(items);
}

void CheckBlock(const ProgramDesc& program, int block) {
  if (block != 0)
    throw Unimplemented(StrCat("only block 0 of a program runs by itself, not block ", block, " of ", program.size()));
}

struct PreparedContext {
  ProgramPtr program;
};

void RunPrepared(Executor& self, const PreparedContext& context, const ScopeHandle& scope, const py::dict& feeds,
                 const py::dict& fetches, bool, bool, const std::string&, const std::string& holder) {
  std::vector<Feed> sorted;
  for (const auto& [name, tensor] : feeds) sorted.push_back({ToName(name), FedTensor(name, tensor)});
  std::sort(sorted.begin(), sorted.end(), [](const Feed& a, const Feed& b) { return a.name < b.name; });
  std::vector<std::string> feed_names, fetch_names;
  std::vector<Tensor> tensors;
  for (auto& feed : sorted) {
    feed_names.push_back(std::move(feed.name));
    tensors.push_back(std::move(feed.tensor));
  }
  for (const auto& item : fetches) fetch_names.push_back(ToName(item.first));
  auto values = RunOver(self, *context.program, scope, feed_names, tensors, fetch_names);
  size_t i = 0;
  for (const auto& [name, target] : fetches) {
    const Variable& value = values[i++];
    if (!py::isinstance<TensorHandle>(target)) continue;
    const auto& tensor = target.cast<const TensorHandle&>();
    tensor.Free().ShareFrom(value.get<Tensor>());
    tensor.Changed();
  }
  auto items = std::make_shared<FetchItems>(std::move(values));
  MakeVariable(scope, holder).Become<Opaque>().value = std::move(items);
}

void CreateVariables(const Executor&, const ProgramDesc& program, const ScopeHandle& scope, int block) {
  Require(block >= 0 && block < program.size(), "there is no block ", block, "; the program has ", program.size());
  const ScopeHandle* outermost = &scope;
  while (outermost->parent) outermost = outermost->parent.get();
  for (const auto& var : program.block(block).vars()) {
    if (var->name() == kEmptyName) continue;
    const VariableHandle made = MakeVariable(var->persistable() ? *outermost : scope, var->name());
    const VarKind kind = var->kind();
    if (kind == VarKind::kSelectedRows) made.Hold<SelectedRows>();
    if (kind == VarKind::kTensorArray) made.Hold<TensorArray>();
  }
}

}  // namespace

const Tensor& FedTensor(const py::handle& name, const py::handle& tensor) {
  if (!py::isinstance<TensorHandle>(tensor))
    throw InvalidArgument(StrCat("feed '", ToName(name), "': expected a LoDTensor, got ",
                                 py::repr(py::type::handle_of(tensor)).cast<std::string>()));
  return tensor.cast<const TensorHandle&>().get();
}

FetchList FetchListOf(const VariableHandle& variable) {
  if (!variable.variable->initialized() && !variable.variable->holds<TensorArray>())
    variable.Become<Opaque>().value = std::make_shared<FetchItems>();
  return {ListOf(*variable.variable, variable.name)};
}

void BindFeedFetch(py::module_& m) {
  py::class_<FetchList>(m, "FetchList", "Fetched values, one a variable: LoDTensor or LoDTensorArray.")
      .def(py::init([] { return FetchList{std::make_shared<FetchItems>()}; }))
      .def("append", Append, py::arg("var"), "Adds a LoDTensor or LoDTensorArray.")
      .def("__len__", [](const FetchList& self) { return self.items->size(); })
      .def("__getitem__", Item, py::arg("index"))
      .def(
          "_move_to_list", [](const FetchList& self) { return MoveToList(*self.items); },
          "The values as a list; none are left.");
  py::class_<FetchUnmergedList>(m, "FetchUnmergedList", "Fetched values of several replicas, a FetchList a variable.")
      .def(py::init<>())
      .def(
          "append",
          [](FetchUnmergedList& self, const py::iterable& values) {
            FetchItems items;
            for (const auto& value : values) items.push_back(Share(value));
            self.variables.push_back(std::move(items));
          },
          py::arg("values"), "Adds the values of a variable, one a replica.")
      .def("__len__", [](const FetchUnmergedList& self) { return self.variables.size(); })
      .def(
          "_move_to_list",
          [](FetchUnmergedList& self) {
            py::list out;
            for (auto& items : self.variables) out.append(MoveToList(items));
            self.variables.clear();
            return out;
          },
          "The values as a list of lists; none are left.");
  m.def("set_feed_variable", SetFeed, py::arg("scope"), py::arg("tensor"), py::arg("name"), py::arg("index"),
        "Puts a tensor into a column of the scope's feed list.");
  m.def("get_fetch_variable", GetFetch, py::arg("scope"), py::arg("name"), py::arg("index"),
        "A column of the scope's fetch list.");
  m.def(
      "get_variable_tensor",
      [](const ScopeHandle& scope, const std::string& name) {
        const auto variable = VariableOf(scope, name);
        Require(variable->holds<Tensor>(), "variable '", name, "' is a ", variable->kind(), ", not a tensor");
        return TensorHandle(variable, scope.scope);
      },
      py::arg("scope"), py::arg("name"), "The LoDTensor of a variable, by reference.");
  py::class_<PreparedContext>(m, "ExecutorPrepareContext", "A program made ready for run_prepared_ctx.")
      .def(py::init([](const ProgramPtr& program, int block) {
             CheckBlock(*program, block);
             return PreparedContext{program};
           }),
           py::arg("program"), py::arg("block_id"));
}

void BindExecutorColumns(py::class_<Executor>& executor) {
  executor
      .def(
          "run",
          [](Executor& self, const ProgramPtr& program, const ScopeHandle& scope, int block, bool, bool,
             const py::object& kept) {
            CheckBlock(*program, block);
            RunColumns(self, *program, scope, ToNames(kept));
          },
          py::arg("program"), py::arg("scope"), py::arg("block_id"), py::arg("create_local_scope"),
          py::arg("create_vars"), py::arg("fetch_vars"),
          "Runs block 0: its feed ops read the scope's variable 'feed', its fetch ops fill 'fetch'. The variables of "
          "fetch_vars stay in the scope.")
      .def(
          "prepare",
          [](const Executor&, const ProgramPtr& program, int block, const py::object&, bool) {
            CheckBlock(*program, block);
            return PreparedContext{program};
          },
          py::arg("program"), py::arg("block_id"), py::arg("skip_ref_cnt_vars") = py::list(),
          py::arg("force_disable_gc") = false)
      .def("run_prepared_ctx", RunPrepared, py::arg("ctx"), py::arg("scope"), py::arg("feed_targets"),
           py::arg("fetch_targets"), py::arg("create_local_scope") = true, py::arg("create_vars") = true,
           py::arg("feed_holder_name") = "feed", py::arg("fetch_holder_name") = "fetch",
           "Feeds by name; the fetched values go into the LoDTensors given, and into the scope's fetch list.")
      .def(
          "run_prepared_ctx",
          [](Executor& self, const PreparedContext& context, const ScopeHandle& scope, bool, bool, bool) {
            RunColumns(self, *context.program, scope, {});
          },
          py::arg("ctx"), py::arg("scope"), py::arg("create_local_scope") = true, py::arg("create_vars") = true,
          py::arg("keep_kids") = false)
      .def("create_variables", CreateVariables, py::arg("program"), py::arg("scope"), py::arg("block_id"),
           "Makes the variables of a block: persistable ones in the outermost scope, the others in this one.");
}

}  // namespace paddle::bindings
