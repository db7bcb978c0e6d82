#include "simulator/backends/cpu/onednn.hpp"

#include <omp.h>

#include <algorithm>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <string>
#include <unordered_map>

#include "simulator/backends/cpu/chunks.hpp"
#include "simulator/backends/cpu/plain_convolution.hpp"
#include "simulator/error.hpp"

namespace ohmic::onednn {
namespace {

using dnnl::memory;

constexpr int kBlock = 16;  ///< channels of one block, in nChw16c

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

dnnl::stream& stream() {
  thread_local dnnl::stream own(engine());
  return own;
}

/// oneDNN blocks a primitive for the threads it sees when it is made. All are made for one thread,
/// so that the order of sums, and with it every bit, is the same on any number of them.
class OneThread {
 public:
  OneThread() { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(threads_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int threads_ = omp_get_max_threads();
};

memory::data_type type_of(Format f) {
  return f == Format::bf16 ? memory::data_type::bf16 : memory::data_type::f32;
}

memory::desc weights_desc(const ConvGeometry& g, Format format, memory::format_tag tag) {
  if (g.groups == 1)
    return {{g.out_channels, g.in_channels, g.kernel_height, g.kernel_width}, type_of(format), tag};
  return {{g.groups, g.out_channels / g.groups, g.in_channels / g.groups, g.kernel_height,
           g.kernel_width},
          type_of(format),
          tag};
}

/// Weights as they are given: [out, in, kh, kw], with groups as the outermost axis of a view.
memory::format_tag given_layout(const ConvGeometry& g) {
  return g.groups == 1 ? memory::format_tag::oihw : memory::format_tag::goihw;
}

dnnl::primitive_attr fused(const ConvolutionSpec& spec) {
  dnnl::post_ops ops;
  if (spec.accumulates) ops.append_sum(1.0f);
  if (spec.relu) ops.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(ops);
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

using Description = dnnl::convolution_forward::primitive_desc;

bool is_named(const Description& d, const char* part) {
  return std::string(d.impl_info_str()).find(part) != std::string::npos;
}

memory::desc inputs_desc(const ConvolutionSpec& spec, memory::format_tag tag) {
  const ConvGeometry& g = spec.geometry;
  return {{spec.images, g.in_channels, g.in_height, g.in_width}, type_of(spec.format), tag};
}

memory::desc outputs_desc(const ConvolutionSpec& spec, memory::format_tag tag) {
  const ConvGeometry& g = spec.geometry;
  return {{spec.images, g.out_channels, g.out_height(), g.out_width()}, type_of(Format::f32), tag};
}

/// With activations in layout `tag`.
dnnl::convolution_forward::desc operation(const ConvolutionSpec& spec, dnnl::algorithm algorithm,
                                          memory::format_tag tag) {
  const ConvGeometry& g = spec.geometry;
  const memory::desc bias =
      spec.has_bias ? memory::desc({g.out_channels}, memory::data_type::f32, memory::format_tag::x)
                    : memory::desc();
  return {dnnl::prop_kind::forward_inference,
          algorithm,
          inputs_desc(spec, tag),
          weights_desc(g, spec.format, memory::format_tag::any),
          bias,
          outputs_desc(spec, tag),
          {g.stride_height, g.stride_width},
          {g.dilation_height - 1, g.dilation_width - 1},
          {g.pad_top, g.pad_left},
          {g.pad_bottom, g.pad_right}};
}

/// Whether Winograd's minimal filtering is asked for and for this shape: kernels of 3 x 3 with
/// stride 1, and enough of it to pay for its sums of inputs and outputs. On processors
/// with AMX direct sums were found as fast below 128 channels, and need no transform of weights
/// (docs/decisions/014-winograd.md).
bool filters_minimally(const ConvolutionSpec& spec) {
  constexpr std::int64_t kFewestProducts = 1 << 18;  // of one tap
  constexpr int kFewestWithAmx = 128;
  const ConvGeometry& g = spec.geometry;
  if (has_amx() && std::min(g.in_channels, g.out_channels) < kFewestWithAmx) return false;
  return spec.may_filter_minimally && spec.format == Format::f32 && g.kernel_height == 3 &&
         g.kernel_width == 3 && g.stride_height == 1 && g.stride_width == 1 &&
         g.dilation_height == 1 && g.dilation_width == 1 && g.groups == 1 &&
         g.in_channels % kBlock == 0 && g.out_channels % kBlock == 0 &&
         std::int64_t{spec.images} * g.positions() * g.in_channels * g.out_channels >=
             kFewestProducts;
}

Description describe(const ConvolutionSpec& spec) {
  if (filters_minimally(spec)) try {
      return {operation(spec, dnnl::algorithm::convolution_winograd, memory::format_tag::nChw16c),
              fused(spec), engine()};
    } catch (const dnnl::error& error) {
      if (error.status != dnnl_unimplemented) throw;  // for this processor
    }
  const auto direct =
      operation(spec, dnnl::algorithm::convolution_direct, memory::format_tag::nhwc);
  const Description first(direct, fused(spec), engine());
  if (!is_named(first, "brgconv:avx512_core_bf16") || is_named(first, "amx")) return first;
  // Without AMX the direct convolution is the faster one, by 1 to 40 % on the slices of ResNet-20.
  Description next = first;  // needs `direct` alive
  return next.next_impl() && is_named(next, "jit_bf16") ? next : first;
}

/// Channels-last activations, and the same in a primitive's layout where that is another one.
class Layout {
 public:
  Layout(const memory::desc& given, const memory::desc& blocked)
      : given_(given), blocked_(blocked) {
    if (given == blocked || given.dims()[1] == kBlock) return;
    to_blocked_ = reorder(given, blocked);
    from_blocked_ = reorder(blocked, given);
  }

  /// Values for the primitive: those given, or place for them in `space`.
  memory place(void* given, cpu::Buffer<char>& space) const {
    return {blocked_, engine(), to_blocked_ ? space.at_least(blocked_.get_size()) : given};
  }
  void fill(memory& place, void* given) const {
    if (to_blocked_) run(*to_blocked_, memory(given_, engine(), given), place);
  }
  void give_back(memory& place, void* given) const {
    if (from_blocked_) run(*from_blocked_, place, memory(given_, engine(), given));
  }

 private:
  static dnnl::reorder reorder(const memory::desc& from, const memory::desc& to) {
    return dnnl::reorder(dnnl::reorder::primitive_desc(engine(), from, engine(), to));
  }
  static void run(const dnnl::reorder& how, memory from, memory to) {
    how.execute(stream(), from, to);
  }

  memory::desc given_, blocked_;
  std::optional<dnnl::reorder> to_blocked_, from_blocked_;
};

/// Instruction sets are sets of bits: newer ones contain those that they build on.
bool has(dnnl::cpu_isa isa) {
  const auto bits = [](dnnl::cpu_isa set) { return static_cast<unsigned>(set); };
  return (bits(dnnl::get_effective_cpu_isa()) & bits(isa)) == bits(isa);
}

}  // namespace

bool has_bf16() { return has(dnnl::cpu_isa::avx512_core); }
bool has_amx() { return has(dnnl::cpu_isa::avx512_core_amx); }

struct Weights::Impl {
  memory values;             ///< of oneDNN's primitive
  std::vector<float> plain;  ///< of our loops
};
Weights::Weights() = default;
Weights::~Weights() = default;
Weights::Weights(Weights&&) noexcept = default;
Weights& Weights::operator=(Weights&&) noexcept = default;

struct Convolution::Impl {
  struct Primitive {
    Layout x, y;
    memory::desc bias, w, scratchpad;
    dnnl::convolution_forward run;
  };

  ConvolutionSpec spec;
  std::optional<Primitive> primitive;  ///< without: our loops
};

Convolution::Convolution(const ConvolutionSpec& spec) : impl_(new Impl{spec, {}}) {
  const OneThread guard;
  const Description d = describe(spec);
  if (is_named(d, "ref") || is_named(d, "gemm")) return;
  impl_->primitive = Impl::Primitive{{inputs_desc(spec, memory::format_tag::nhwc), d.src_desc()},
                                     {outputs_desc(spec, memory::format_tag::nhwc), d.dst_desc()},
                                     d.bias_desc(),
                                     d.weights_desc(),
                                     d.scratchpad_desc(),
                                     dnnl::convolution_forward(d)};
}

Convolution::~Convolution() = default;
Convolution::Convolution(Convolution&&) noexcept = default;
Convolution& Convolution::operator=(Convolution&&) noexcept = default;

bool Convolution::packs_as(const Convolution& other) const {
  const auto &own = impl_->primitive, &others = other.impl_->primitive;
  return own && others ? own->w == others->w : !own && !others;
}

Weights Convolution::pack(std::span<const float> weights) const {
  const OneThread guard;
  const ConvGeometry& g = impl_->spec.geometry;
  OHMIC_ASSERT(weights.size() == static_cast<std::size_t>(g.kernel_rows()) * g.columns());
  Weights packed;
  packed.impl_ = std::make_unique<Weights::Impl>();
  if (!impl_->primitive) {
    packed.impl_->plain = cpu::pack_plain(impl_->spec, weights);
    return packed;
  }
  memory given(weights_desc(g, Format::f32, given_layout(g)), engine(),
               const_cast<float*>(weights.data()));
  memory& values = packed.impl_->values = memory(impl_->primitive->w, engine());
  dnnl::reorder(given, values).execute(stream(), given, values);
  stream().wait();
  return packed;
}

void Convolution::run(const void* x, const Weights& weights, const float* bias, float* y) const {
  if (!impl_->primitive)
    return cpu::convolve_plain(impl_->spec, x, weights.impl_->plain.data(), bias, y);
  const Impl::Primitive& p = *impl_->primitive;
  thread_local cpu::Buffer<char> inputs, outputs, scratchpad;
  void* given = const_cast<void*>(x);
  memory in = p.x.place(given, inputs), out = p.y.place(y, outputs);
  p.x.fill(in, given);
  if (impl_->spec.accumulates) p.y.fill(out, y);
  std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC, in},
      {DNNL_ARG_WEIGHTS, weights.impl_->values},
      {DNNL_ARG_DST, out},
      {DNNL_ARG_SCRATCHPAD,
       memory(p.scratchpad, engine(), scratchpad.at_least(p.scratchpad.get_size()))}};
  if (impl_->spec.has_bias)
    arguments.emplace(DNNL_ARG_BIAS, memory(p.bias, engine(), const_cast<float*>(bias)));
  p.run.execute(stream(), arguments);
  p.y.give_back(out, y);
  stream().wait();
}

}  // namespace ohmic::onednn
