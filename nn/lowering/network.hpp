// The network that an experiment names: a built-in one, or that of a file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "mapping/settings.hpp"
#include "nn/lowering/lower.hpp"
#include "nn/network/graph.hpp"

namespace ohmic {

/// The network in `model.file`, with the weights of `model.weights` where they are given and the
/// layers that `mapping` leaves digital. Of the networks read last, files are read once
/// as long as they stay as they are. Throws DataError as read_model(), replace_weights() and
/// lower() do and where no layer is left on crossbars, and ConfigError for a pattern that names no
/// layer.
std::shared_ptr<const LoweredNetwork> load_network(const ModelSettings& model,
                                                   const MappingSettings& mapping);

/// The same, to be looked at: layers on crossbars or none.
std::shared_ptr<const LoweredNetwork> load_any_network(const ModelSettings& model,
                                                       const MappingSettings& mapping);

/// The file as it was read, with the weights of `model.weights`: what load_network() lowers.
ImportedModel read_model_of(const ModelSettings& model);

/// Of a network that looks its whole input up in a table (an embedding), the least rows of such
/// tables; 0: it does not. `first`: of that one of several inputs whose numbers begin there in a
/// sample.
std::int64_t vocabulary(const Graph&, std::optional<std::int64_t> first = std::nullopt);

/// SHA-256 (hexadecimal) of the file and, of ONNX, of the data beside it.
std::string hash_of_network(const std::filesystem::path& file);

}  // namespace ohmic
