// Archives that PyTorch itself wrote: state dicts in both formats of torch.save, one of
// DataParallel, TorchScript. Needs a Python with torch: that of VIRTUAL_ENV, or python3.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "nn/io/checkpoint.hpp"
#include "tests/nn/python.hpp"

namespace ohmic {
namespace {

/// Element i of tensor t of the graph: exact in float and half, different for every tensor.
float expected(std::size_t t, std::size_t i) {
  return static_cast<float>(t) + static_cast<float>(i % 32) / 32.0f;
}

Graph small_graph() {
  ModelSettings model;
  model.name = "resnet8";
  model.layout = "he";
  model.width = 2;
  return build_model(model, 10);
}

// Modules by the names and shapes of the graph's parameters, filled as expected() says.
constexpr char kModules[] = R"(
class Node(torch.nn.Module): pass
def leaf(names, shape):
    if len(shape) == 4: return torch.nn.Conv2d(shape[1], shape[0], shape[2], bias=False)
    if len(shape) == 2: return torch.nn.Linear(shape[1], shape[0])
    return torch.nn.BatchNorm2d(shape[0])
root = Node()
for name, shape in shapes:
    *path, last, tensor = name.split('.')
    node = root
    for part in path:
        if not hasattr(node, part): node.add_module(part, Node())
        node = getattr(node, part)
    if not hasattr(node, last): node.add_module(last, leaf(name, shape))
state = root.state_dict()
for t, (name, shape) in enumerate(shapes):
    n = state[name].numel()
    state[name].copy_((torch.arange(n) % 32).div(32).add(t).reshape(shape))
torch.save(state, 'state.pt')
torch.save({'state_dict': torch.nn.DataParallel(root).state_dict(), 'epoch': 7}, 'parallel.pt')
torch.save(state, 'legacy.th', _use_new_zipfile_serialization=False)
torch.save({k: v.double() if v.is_floating_point() else v
            for k, v in state.items()}, 'double.pt')
for protocol in 3, 4, 5:
    torch.save({'net': state, 'epoch': 7}, 'protocol%d.pt' % protocol, pickle_protocol=protocol)
torch.save(state, 'legacy4.th', _use_new_zipfile_serialization=False, pickle_protocol=4)
torch.save({k: v.to(memory_format=torch.channels_last) if v.dim() == 4 else v
            for k, v in state.items()}, 'channels_last.pt')
torch.save({k: v.half() for k, v in state.items()}, 'half.pt')
torch.save(root, 'module.pt')
torch.jit.save(torch.jit.script(root), 'script.pt')
)";

/// Has `python` write the archives into the folder. Returns what it complained about.
std::string make_archives(const std::string& python, const test::TemporaryFolder& folder) {
  std::string script = "import torch\nshapes = [";
  for (const ParameterShape& p : parameter_shapes(small_graph())) {
    script += "('" + p.name + "', (";
    for (const std::int64_t size : p.shape) script += std::to_string(size) + ", ";
    script += ")),\n";
  }
  return test::run_script(python, folder, script + "]" + kModules);
}

void expect_read(const std::filesystem::path& file) {
  SCOPED_TRACE(file.filename());
  const auto shapes = parameter_shapes(small_graph());
  const Weights weights = load_checkpoint(file, small_graph()).weights;
  EXPECT_EQ(weights.size(), shapes.size());
  for (std::size_t t = 0; t < shapes.size(); ++t) {
    const HostTensor& tensor = weights.at(shapes[t].name);
    EXPECT_EQ(tensor.shape, shapes[t].shape) << shapes[t].name;
    for (std::size_t i = 0; i < tensor.values.size(); ++i)
      ASSERT_EQ(tensor.values[i], expected(t, i)) << shapes[t].name << " " << i;
  }
}

// One test, because Python takes seconds to import torch.
TEST(TorchArchive, WhatPyTorchWritesIsReadAsSavedOrRefusedByName) {
  const std::string python = test::python_with({"torch"});
  if (python.empty()) GTEST_SKIP() << "no Python with torch, neither in VIRTUAL_ENV nor python3";
  const test::TemporaryFolder folder;
  ASSERT_EQ(make_archives(python, folder), "");
  for (const char* name :
       {"state.pt", "parallel.pt", "legacy.th", "double.pt", "channels_last.pt", "script.pt",
        "protocol3.pt", "protocol4.pt", "protocol5.pt", "legacy4.th", "half.pt", "module.pt"})
    expect_read(folder.path() / name);
}

}  // namespace
}  // namespace ohmic
