// The declarations of all parameters for programs: editors that complete TOML files, notebooks.
#pragma once

#include <string>

namespace ohmic {

/// The JSON schema (draft 2020-12) of an experiment file: every table and parameter with its type,
/// range, choices, default, unit and doc; [device] is one of the registered models.
std::string json_schema();

}  // namespace ohmic
