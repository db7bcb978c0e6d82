// g_min_S and g_max_S of models that have other defaults than a member's value: those of a file, or
// of another model. A bound that is read is remembered as given.
#pragma once

#include <string>

#include "simulator/device_model.hpp"

namespace ohmic {

/// A bound of the range; `Model` has the flag `given`.
template <class Model>
ParameterBuilder declare_given_bound(Schema<Model>& s, const char* key, double DeviceModel::*bound,
                                     bool Model::*given, const std::string& doc) {
  return s
      .add_custom(
          key, "real",
          [=](const Value& v, const std::string& k, Model& model, std::vector<Fault>& faults) {
            Parameter in_siemens;
            in_siemens.type = "real";
            in_siemens.unit = "S";
            in_siemens.minimum = 0;
            in_siemens.maximum = 1;
            in_siemens.usual_maximum = kUsualConductance_S;
            schema_detail::Access<double>::read(v, k, in_siemens, model.*bound, faults);
            model.*given = true;
          },
          [=](const Model& model) { return Value{model.*bound}; })
      .unit("S")
      .range(0, 1)
      .usual(0, kUsualConductance_S)
      .doc(doc);
}

/// Both bounds; `Model` has the flags has_g_min and has_g_max.
template <class Model>
void declare_given_range(Schema<Model>& s, const std::string& lowest, const std::string& highest) {
  declare_given_bound(s, "g_min_S", &DeviceModel::g_min_S, &Model::has_g_min,
                      "Lowest target conductance; " + lowest + " unless given.");
  declare_given_bound(s, "g_max_S", &DeviceModel::g_max_S, &Model::has_g_max,
                      "Highest target conductance; " + highest + " unless given.");
}

}  // namespace ohmic
