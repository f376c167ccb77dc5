// Convolution by oneDNN in the layouts that its code for this machine is fastest with. Images that lie otherwise are
// copied into those and back; so is a filter, unless it is a weight, whose copy is kept.
#include <algorithm>
#include <string_view>

#include "paddle/device/parallel.h"
#include "paddle/math/conv_impl.h"
#include "paddle/math/onednn.h"

namespace paddle {
namespace {

using Desc = dnnl::memory::desc;

Desc Any(const Desc& like) { return Desc(like.dims(), dnnl::memory::data_type::f32, dnnl::memory::format_tag::any); }

Desc Image(const ConvShape& s, int64_t c, int64_t h, int64_t w) {
  if (s.nhwc) return onednn::Strided({s.n, c, h, w}, {h * w * c, 1, w * c, c});
  return onednn::Plain({s.n, c, h, w});
}

Desc Filter(const ConvShape& s) {
  const int64_t filters = s.filters / s.groups, channels = s.c / s.groups;
  if (s.groups == 1) return onednn::Plain({filters, channels, s.kernel_h, s.kernel_w});
  return onednn::Plain({s.groups, filters, channels, s.kernel_h, s.kernel_w});
}

// How Fluid lays out what takes part.
struct Layouts {
  Desc input, filter, output;
};

Layouts PlainLayouts(const ConvShape& s) {
  return {Image(s, s.c, s.h, s.w), Filter(s), Image(s, s.filters, s.out_h, s.out_w)};
}

// Padding behind the last row that makes `out` positions of the window.
int64_t PadEnd(int64_t size, int64_t out, int64_t kernel, int64_t stride, int64_t dilation, int64_t before) {
  return std::max<int64_t>(0, (out - 1) * stride + (kernel - 1) * dilation + 1 - size - before);
}

struct Geometry {
  dnnl::memory::dims strides, dilations, before, after;
  explicit Geometry(const ConvShape& s)
      : strides{s.stride_h, s.stride_w},
        dilations{s.dilation_h - 1, s.dilation_w - 1},
        before{s.pad_top, s.pad_left},
        after{PadEnd(s.h, s.out_h, s.kernel_h, s.stride_h, s.dilation_h, s.pad_top),
              PadEnd(s.w, s.out_w, s.kernel_w, s.stride_w, s.dilation_w, s.pad_left)} {}
};

constexpr size_t kAlign = 64;

// One argument of the primitive: as it lies, or by a copy in the scratch memory.
struct Operand {
  onednn::Call copy;  // none: as it lies
  size_t at = 0;      // of the copy
};

class BlockedConv final : public Convolution::Impl {
 public:
  // `as_it_lies`: images are taken in the layout that they have.
  BlockedConv(const ConvShape& shape, ConvPass pass, bool weight, bool as_it_lies) {
    const onednn::ThreadsAtCreation scope(NumThreads());
    const Layouts plain = PlainLayouts(shape);
    Layouts asked{Any(plain.input), Any(plain.filter), Any(plain.output)};
    if (as_it_lies) asked.input = plain.input, asked.output = plain.output;
    const Geometry g(shape);
    const auto direct = dnnl::algorithm::convolution_direct;
    const auto kind =
        pass == ConvPass::kForward ? dnnl::prop_kind::forward_inference : dnnl::prop_kind::forward_training;
    const dnnl::convolution_forward::primitive_desc forward(
        {kind, direct, asked.input, asked.filter, asked.output, g.strides, g.dilations, g.before, g.after},
        onednn::UserScratch(), onednn::Engine());
    if (pass == ConvPass::kForward) {
      Make<dnnl::convolution_forward>(forward, {DNNL_ARG_SRC, plain.input, forward.src_desc()},
                                      {DNNL_ARG_WEIGHTS, plain.filter, forward.weights_desc()},
                                      {DNNL_ARG_DST, plain.output, forward.dst_desc()}, weight);
    } else if (pass == ConvPass::kInputGrad) {
      const dnnl::convolution_backward_data::primitive_desc pd(
          {direct, asked.input, asked.filter, asked.output, g.strides, g.dilations, g.before, g.after},
          onednn::UserScratch(), onednn::Engine(), forward);
      Make<dnnl::convolution_backward_data>(pd, {DNNL_ARG_DIFF_DST, plain.output, pd.diff_dst_desc()},
                                            {DNNL_ARG_WEIGHTS, plain.filter, pd.weights_desc()},
                                            {DNNL_ARG_DIFF_SRC, plain.input, pd.diff_src_desc()}, weight);
    } else {
      const dnnl::convolution_backward_weights::primitive_desc pd(
          {direct, asked.input, asked.filter, asked.output, g.strides, g.dilations, g.before, g.after},
          onednn::UserScratch(), onednn::Engine(), forward);
      Make<dnnl::convolution_backward_weights>(pd, {DNNL_ARG_SRC, plain.input, pd.src_desc()},
                                               {DNNL_ARG_DIFF_DST, plain.output, pd.diff_dst_desc()},
                                               {DNNL_ARG_DIFF_WEIGHTS, plain.filter, pd.diff_weights_desc()}, false);
    }
  }

  // Whether the primitive is compiled for this machine and these layouts.
  bool fast() const { return static_cast<bool>(conv_); }
  size_t scratch_bytes() const override { return copies_bytes_ + work_bytes_; }

  void Run(const Tensor& a, const Tensor& b, Tensor& out, std::byte* scratch) override {
    const void* from_a = Bring(a_, a, scratch);
    const BufferPtr packed = weight_ ? weight_.Of(b) : nullptr;  // held to the end: another thread may replace it
    const void* from_b = packed ? packed->data() : Bring(b_, b, scratch);
    std::byte* result = out.mutable_raw();
    std::byte* to = out_.copy ? scratch + out_.at : result;
    conv_.Run({from_a, from_b, to}, scratch + copies_bytes_);
    if (out_.copy) out_.copy.Run({to, result}, scratch + copies_bytes_);
  }

 private:
  struct Arg {
    int number;
    Desc plain, wanted;
  };

  template <class P, class PD>
  void Make(const PD& pd, const Arg& a, const Arg& b, const Arg& out, bool weight) {
    const std::string_view name = pd.impl_info_str();
    if (name.find("ref") != name.npos || name.find("gemm") != name.npos) return;
    conv_ = onednn::MakeCall<P>(pd, {{a.number, a.wanted}, {b.number, b.wanted}, {out.number, out.wanted}});
    work_bytes_ = conv_.scratch_bytes();
    a_ = MakeOperand(a.plain, a.wanted, a.wanted);
    b_ = MakeOperand(b.plain, b.wanted, b.wanted);
    out_ = MakeOperand(out.wanted, out.plain, out.wanted);
    if (weight && b_.copy) weight_ = onednn::PackedWeight(b.plain, b.wanted);
  }

  // `copied`: the layout of the copy, `from` or `to`.
  Operand MakeOperand(const Desc& from, const Desc& to, const Desc& copied) {
    Operand operand;
    if (from == to) return operand;
    const dnnl::reorder::primitive_desc pd(onednn::Engine(), from, onednn::Engine(), to, onednn::UserScratch());
    operand.copy = onednn::MakeCall<dnnl::reorder>(pd, {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
    work_bytes_ = std::max(work_bytes_, operand.copy.scratch_bytes());
    operand.at = copies_bytes_;
    copies_bytes_ += (copied.get_size() + kAlign - 1) / kAlign * kAlign;
    return operand;
  }

  const void* Bring(Operand& operand, const Tensor& tensor, std::byte* scratch) const {
    if (!operand.copy) return tensor.raw();
    operand.copy.Run({tensor.raw(), scratch + operand.at}, scratch + copies_bytes_);
    return scratch + operand.at;
  }

  onednn::Call conv_;
  Operand a_, b_, out_;
  onednn::PackedWeight weight_;
  size_t copies_bytes_ = 0, work_bytes_ = 0;  // the copies come first
};

}  // namespace

std::shared_ptr<Convolution::Impl> MakeBlockedConv(const ConvShape& s, ConvPass pass, bool weight) {
  if (s.input_size() == 0 || s.output_size() == 0 || s.filter_size() == 0 || s.pad_top < 0 || s.pad_left < 0)
    return nullptr;
  // Without a window the columns cost no more than the copies. What one channel leaves empty of a block is work as
  // well.
  const bool depthwise = s.groups == s.c && s.groups == s.filters;
  if ((!s.nhwc && s.kernel_h * s.kernel_w == 1) || (s.c < 3 && !depthwise)) return nullptr;
  for (const bool as_it_lies : {true, false}) {
    if (as_it_lies && !s.nhwc) continue;  // channels in blocks are worth the copies, other layouts are as they are
    try {
      auto conv = std::make_shared<BlockedConv>(s, pass, weight, as_it_lies);
      if (conv->fast()) return conv;
    } catch (const dnnl::error& error) {
      if (error.status != dnnl_unimplemented) throw;
    }
  }
  return nullptr;
}

}  // namespace paddle
