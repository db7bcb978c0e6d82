#include "nn/analog/layer_cells.hpp"

#include "mapping/cell_code.hpp"
#include "mapping/tile_grid.hpp"

namespace ohmic {
namespace {

const Node& node_of(const Graph& graph, int i) { return graph.nodes[static_cast<std::size_t>(i)]; }

LayerCells cells_of(const Graph& graph, const Step& step, const MappingSettings& mapping,
                    const NoiseSettings& noise) {
  const Node& mvm = node_of(graph, step.mvm);
  ConvGeometry geometry = mvm.conv;
  if (mapping.bias == BiasPlace::analog && !bias_tensor(graph, step, noise).empty())
    geometry.bias_rows = 1;
  const Node& owner = mvm.shares < 0 ? mvm : node_of(graph, mvm.shares);
  LayerCells cells{owner.name, geometry.rows(), {}};
  const TileGrid grid(geometry, mapping.tile);
  for (const CellCode::Role& role : CellCode(mapping, 0.0, 1.0).roles())
    cells.columns.push_back(role.is_reference ? grid.column_tiles() : geometry.columns());
  return cells;
}

}  // namespace

std::string bias_tensor(const Graph& graph, const Step& step, const NoiseSettings& noise) {
  const Node& mvm = node_of(graph, step.mvm);
  const bool is_folded =
      noise.semantics == Semantics::folded && step.norm >= 0 && mvm.op == Op::convolution;
  if (is_folded) return node_of(graph, step.norm).name + ".bias";
  return mvm.has_bias ? mvm.name + ".bias" : std::string{};
}

std::vector<LayerCells> layer_cells(const Graph& graph, const MappingSettings& mapping,
                                    const NoiseSettings& noise) {
  const Plan plan = make_plan(graph);
  std::vector<LayerCells> cells(static_cast<std::size_t>(plan.layers));
  for (const Step& step : plan.steps)
    if (step.layer >= 0)
      cells[static_cast<std::size_t>(step.layer)] = cells_of(graph, step, mapping, noise);
  return cells;
}

}  // namespace ohmic
