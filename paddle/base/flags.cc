#include "paddle/base/flags.h"

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <mutex>

#include "paddle/base/errors.h"

namespace paddle {
namespace {

struct Table {
  std::mutex mutex;
  std::vector<Flag> flags;
  std::atomic<bool> check_nan_inf{false};
  std::atomic<bool> recompute_gates{false};
  std::atomic<size_t> memory_limit{0};
  std::atomic<uint64_t> passes_version{0};

  Table();
  void Apply(const Flag& flag);
};

bool Truthy(std::string_view text) { return !(text.empty() || text == "0" || text == "false" || text == "False"); }

void Table::Apply(const Flag& flag) {
  if (flag.name == "check_nan_inf") check_nan_inf = Truthy(flag.value);
  if (flag.name == "check_nan_inf" || flag.name == "skip_passes") ++passes_version;
  if (flag.name == "memory_limit_mb") {
    size_t megabytes = 0;
    const char* end = flag.value.data() + flag.value.size();
    const auto result = std::from_chars(flag.value.data(), end, megabytes);
    Require(result.ec == std::errc() && result.ptr == end && megabytes < (size_t{1} << 40),
            "flag memory_limit_mb must be a whole number of megabytes, got '", flag.value, "'");
    memory_limit = megabytes << 20;
  }
  if (flag.name == "recompute_gates") {
    recompute_gates = Truthy(flag.value);
    ++passes_version;
  }
}

Table::Table() {
  flags = {
      {"check_nan_inf", "0",
       "After each op, look for NaN and infinity in its outputs; the first is an error that names the op."},
      {"skip_passes", "",
       "Passes that are left out when a program is prepared, names separated by commas: "
       "fuse_recurrent_cells, fuse_embedding_mul, fuse_linear_cross_entropy, sparse_table_grads, fuse_clip, "
       "update_early; exe.plan tells what they did."},
      {"memory_limit_mb", "0", "Memory that tensors may take, in MB; 0: the limit of the cgroup or the machine."},
      {"recompute_gates", "0",
       "Recurrent layers on the CPU keep their states for the backward pass and compute the gates again: less memory, "
       "more arithmetic."},
  };
  // Flags of Fluid 1.8 that steer machinery which does not exist here.
  for (const char* name : {"allocator_strategy",
                           "benchmark",
                           "cpu_deterministic",
                           "cudnn_deterministic",
                           "cudnn_exhaustive_search",
                           "eager_delete_tensor_gb",
                           "enable_parallel_graph",
                           "fast_eager_deletion_mode",
                           "fraction_of_cpu_memory_to_use",
                           "fraction_of_gpu_memory_to_use",
                           "fuse_parameter_groups_size",
                           "fuse_parameter_memory_size",
                           "init_allocated_mem",
                           "initial_cpu_memory_in_mb",
                           "initial_gpu_memory_in_mb",
                           "inner_op_parallelism",
                           "memory_fraction_of_eager_deletion",
                           "paddle_num_threads",
                           "pe_profile_fname",
                           "print_sub_graph_dir",
                           "reader_queue_speed_test_mode",
                           "reallocate_gpu_memory_in_mb",
                           "selected_gpus",
                           "sync_nccl_allreduce",
                           "tracer_profile_fname",
                           "use_mkldnn",
                           "use_ngraph",
                           "use_pinned_memory",
                           "use_system_allocator",
                           "max_inplace_grad_add",
                           "sort_sum_gradient"})
    flags.push_back({name, "", "", true});
  for (Flag& flag : flags)
    if (const char* env = std::getenv(("FLAGS_" + flag.name).c_str())) {
      flag.value = env;
      try {
        Apply(flag);
      } catch (const Error&) {
        flag.value = "0";  // a bad value in the environment must not stop the library from loading
      }
    }
}

Table& Flags() {
  static Table* table = new Table;  // never destroyed: worker threads may read it at exit
  return *table;
}

Flag& Find(Table& table, std::string_view name) {
  if (name.starts_with("FLAGS_")) name.remove_prefix(6);
  for (Flag& flag : table.flags)
    if (flag.name == name) return flag;
  throw NotFound(StrCat("unknown flag '", name, "'; fluid.core.all_flags() lists those that exist"));
}

}  // namespace

std::vector<Flag> AllFlags() {
  Table& table = Flags();
  std::scoped_lock lock(table.mutex);
  return table.flags;
}

std::string GetFlag(std::string_view name) {
  Table& table = Flags();
  std::scoped_lock lock(table.mutex);
  return Find(table, name).value;
}

void SetFlag(std::string_view name, std::string_view value) {
  Table& table = Flags();
  std::scoped_lock lock(table.mutex);
  Flag& flag = Find(table, name);
  Flag changed = flag;
  changed.value = value;
  table.Apply(changed);
  flag = changed;
}

bool CheckNanInfEnabled() { return Flags().check_nan_inf.load(std::memory_order_relaxed); }
bool RecomputeGatesEnabled() { return Flags().recompute_gates.load(std::memory_order_relaxed); }
uint64_t PassesVersion() { return Flags().passes_version.load(std::memory_order_relaxed); }

bool SkipsPass(std::string_view pass) {
  const std::string skipped = "," + GetFlag("skip_passes") + ",";
  return skipped.find(StrCat(",", pass, ",")) != std::string::npos;
}

size_t MemoryLimitBytes() { return Flags().memory_limit.load(std::memory_order_relaxed); }

}  // namespace paddle
