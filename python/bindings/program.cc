#include "python/bindings/program.h"

#include "paddle/io/model.h"
#include "paddle/program/prune.h"
#include "python/bindings/convert.h"

namespace paddle::bindings {
namespace {

constexpr int64_t kFluidVersion = 1008005;  // the interface whose files we write

OpHandle OpAt(const BlockHandle& self, int64_t index) {
  const auto& ops = self.block->ops();
  if (index < 0 || index >= static_cast<int64_t>(ops.size()))
    throw py::index_error(StrCat("block ", self.block->index(), " has no op ", index, "; it has ", ops.size()));
  return OpHandle(self, ops[static_cast<size_t>(index)]);
}

OpHandle InsertOp(const BlockHandle& self, int64_t index) {
  Require(index >= 0 && index <= static_cast<int64_t>(self.block->ops().size()), "an op cannot be inserted at ", index,
          ": block ", self.block->index(), " has ", self.block->ops().size(), " ops");
  self.block->InsertOp(static_cast<size_t>(index));
  return OpAt(self, index);
}

py::object MaybeVar(const BlockHandle& self, std::shared_ptr<VarDesc> var) {
  if (!var) return py::none();
  return py::cast(VarHandle(self.program, std::move(var)));
}

void BindBlock(py::module_& m) {
  py::class_<BlockHandle> block = m.attr("BlockDesc");
  block.def_property_readonly("id", [](const BlockHandle& self) { return self.block->index(); })
      .def_property_readonly("parent", [](const BlockHandle& self) { return self.block->parent_index(); })
      .def("get_forward_block_idx", [](const BlockHandle& self) { return self.block->forward_block(); })
      .def("_set_forward_block_idx", [](const BlockHandle& self, int index) { self.block->set_forward_block(index); })
      .def("append_op",
           [](const BlockHandle& self) { return InsertOp(self, static_cast<int64_t>(self.block->ops().size())); })
      .def("_prepend_op", [](const BlockHandle& self) { return InsertOp(self, 0); })
      .def("_insert_op", InsertOp)
      .def(
          "_remove_op", [](const BlockHandle& self, size_t begin, size_t end) { self.block->RemoveOps(begin, end); },
          "Removes the ops [begin, end).")
      .def("op", OpAt)
      .def("op_size", [](const BlockHandle& self) { return self.block->ops().size(); })
      .def(
          "var",
          [](const BlockHandle& self, const py::object& name) {
            self.block->Var(ToName(name));
            return VarHandle(self.program, self.block->FindVar(ToName(name)));
          },
          "The variable of that name in this block, made when it is not there.")
      .def("has_var",
           [](const BlockHandle& self, const py::object& name) { return self.block->FindVar(ToName(name)) != nullptr; })
      .def("has_var_recursive",
           [](const BlockHandle& self, const py::object& name) {
             return self.block->FindVarRecursive(ToName(name)) != nullptr;
           })
      .def("find_var", [](const BlockHandle& self,
                          const py::object& name) { return MaybeVar(self, self.block->FindVar(ToName(name))); })
      .def("find_var_recursive",
           [](const BlockHandle& self, const py::object& name) {
             return MaybeVar(self, self.block->FindVarRecursive(ToName(name)));
           })
      .def("all_vars",
           [](const BlockHandle& self) {
             py::list out;
             for (const auto& var : self.block->vars()) out.append(VarHandle(self.program, var));
             return out;
           })
      .def("_remove_var", [](const BlockHandle& self, const py::object& name) { self.block->RemoveVar(ToName(name)); })
      .def("_rename_var", [](const BlockHandle& self, const py::object& from,
                             const py::object& to) { self.block->RenameVar(ToName(from), ToName(to)); })
      .def("serialize_to_string", [](const BlockHandle& self) { return py::bytes(self.block->Serialize()); })
      .def(
          "__eq__", [](const BlockHandle& self, const BlockHandle& other) { return self.block == other.block; },
          py::is_operator())
      .def("__hash__", [](const BlockHandle& self) { return std::hash<BlockDesc*>()(self.block); });
}

// Targets of core.prune: (block, op) index pairs as Fluid has them, or names of variables.
std::pair<ProgramPtr, BlockOrigins> PruneFor(const ProgramDesc& program, const py::iterable& feeds,
                                             const py::iterable& targets) {
  PruneRequest request;
  for (const auto& feed : feeds) request.feeds.insert(ToName(feed));
  for (const auto& target : targets) {
    if (py::isinstance<py::str>(target) || py::isinstance<py::bytes>(target)) {
      request.target_vars.push_back(ToName(target));
    } else {
      const auto [block, op] = target.cast<std::pair<int, int>>();
      request.target_ops.emplace_back(block, op);
    }
  }
  BlockOrigins origins;
  auto pruned = Prune(program, request, &origins);
  return {std::move(pruned), std::move(origins)};
}

void BindNames(py::module_& m) {
  const std::pair<const char*, const char*> names[] = {
      {"kEmptyVarName", "@EMPTY@"},  {"kTempVarName", "@TEMP@"},      {"kGradVarSuffix", "@GRAD"},
      {"kZeroVarSuffix", "@ZERO"},   {"kNewGradSuffix", "@NEWGRAD@"}, {"kControlDepVarName", "__control_var"},
      {"empty_var_name", "@EMPTY@"}, {"grad_var_suffix", "@GRAD"},    {"loaded_var_suffix", "@LOADED"}};
  for (const auto& [function, value] : names) m.def(function, [value = std::string(value)] { return value; });
  py::module_ maker =
      m.def_submodule("op_proto_and_checker_maker", "Names and values of the attributes that every op carries.");
  py::enum_<OpRole>(maker, "OpRole", py::arithmetic())
      .value("Forward", kForward)
      .value("Backward", kBackward)
      .value("Optimize", kOptimize)
      .value("Loss", kLoss)
      .value("RPC", kRpc)
      .value("Dist", kDist)
      .value("LRSched", kLrSched);
  const std::pair<const char*, std::string_view> attrs[] = {{"kOpRoleAttrName", kOpRole},
                                                            {"kOpRoleVarAttrName", kOpRoleVar},
                                                            {"kOpNameScopeAttrName", kOpNameScope},
                                                            {"kOpCreationCallstackAttrName", kOpCallstack},
                                                            {"kOpDeviceAttrName", kOpDevice}};
  for (const auto& [function, value] : attrs) maker.def(function, [value = std::string(value)] { return value; });
}

}  // namespace

void BindProgram(py::module_& m) {
  BindBlock(m);
  BindNames(m);
  py::class_<ProgramDesc, ProgramPtr>(
      m, "ProgramDesc", "A program: blocks of variables and ops. ProgramDesc(bytes) parses a file's content.")
      .def(py::init([] {
        auto program = std::make_shared<ProgramDesc>();
        program->set_version(kFluidVersion);
        return program;
      }))
      .def(py::init([](const py::bytes& bytes) { return ProgramDesc::Parse(std::string_view(bytes)); }))
      .def(py::init([](const ProgramDesc& other) { return other.Clone(); }))
      .def("copy", &ProgramDesc::Clone)
      .def("block",
           [](const ProgramPtr& self, int index) {
             return BlockHandle{self, &self->block(index)};
           })
      .def("append_block",
           [](const ProgramPtr& self, const BlockHandle& parent) {
             Require(parent.program == self, "the parent block belongs to another program");
             return BlockHandle{self, &self->AppendBlock(*parent.block)};
           })
      .def("num_blocks", &ProgramDesc::size)
      .def("flush", [](const ProgramPtr&) {})
      .def("get_feed_target_names", &FeedNames, "In the order of their columns.")
      .def("get_fetch_target_names", &FetchNames, "In the order of their columns.")
      .def("serialize_to_string", [](const ProgramDesc& self) { return py::bytes(self.Serialize()); })
      .def_static("parse_from_string",
                  [](const py::bytes& bytes) { return ProgramDesc::Parse(std::string_view(bytes)); })
      .def("_version", &ProgramDesc::version)
      .def("_set_version", &ProgramDesc::set_version, py::arg("version") = kFluidVersion)
      .def(
          "to_text", [](const ProgramDesc& self, bool details) { return ToText(self, details); },
          py::arg("with_details") = false)
      .def("verify", [](const ProgramDesc& self) { Verify(self); })
      .def_property_readonly("uid", &ProgramDesc::uid)
      .def_property_readonly("edit_count", &ProgramDesc::edits);
  m.def("prune", PruneFor, py::arg("program"), py::arg("feeds"), py::arg("targets"),
        "(a new program of what the targets need, given the feeds; a dict from its blocks to those "
        "that they were). A target is a (block, op) index pair or a variable's name.");
  m.def(
      "prune_backward",
      [](const ProgramDesc& program) {
        BlockOrigins origins;
        auto pruned = PruneBackward(program, &origins);
        return std::pair(std::move(pruned), std::move(origins));
      },
      py::arg("program"),
      "(a new program without the ops of backward pass, optimizer and learning rate schedule; a dict from its "
      "blocks to those that they were).");
  m.def("inference_clone", InferenceClone, py::arg("program"),
        "prune_backward, with is_test set on every op that has it.");
}

}  // namespace paddle::bindings
