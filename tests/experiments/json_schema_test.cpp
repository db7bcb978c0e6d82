// `ohmic describe --json-schema`: what a file may hold, for editors.
#include "experiments/manual/json_schema.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "experiments/budget/sources.hpp"
#include "experiments/study/experiment.hpp"
#include "tests/experiments/command_line.hpp"

namespace ohmic {
namespace {

using Json = nlohmann::json;

/// Every table and key of a schema stands in its object, nested ones below.
void expect_all(const SchemaBase& schema, const Json& object, const std::string& name) {
  for (const Parameter& p : schema.parameters()) {
    ASSERT_TRUE(object["properties"].contains(p.key)) << name << "." << p.key;
    const Json& key = object["properties"][p.key];
    EXPECT_FALSE(key["description"].get<std::string>().empty()) << name << "." << p.key;
    if (p.nested) expect_all(*p.nested, key.contains("anyOf") ? key["anyOf"][1] : key, p.key);
  }
}

TEST(JsonSchema, HoldsEveryTableAndKey) {
  const Json schema = Json::parse(json_schema());
  expect_all(Experiment::schema(), schema, "");
  EXPECT_EQ(schema["properties"]["device"]["oneOf"].size(), device_kinds().size() + 1);
  EXPECT_TRUE(schema["properties"].contains("budget"));
  EXPECT_TRUE(schema["properties"].contains("sweep"));
}

TEST(JsonSchema, SaysTypesRangesChoicesAndDefaults) {
  const Json tables = Json::parse(json_schema())["properties"];
  const Json adc = tables["periphery"]["properties"]["adc"];
  EXPECT_EQ(adc["anyOf"][0]["const"], "ideal");
  const Json bits = adc["anyOf"][1]["properties"]["bits"];
  EXPECT_EQ(bits["type"], "integer");
  EXPECT_EQ(bits["minimum"], 1);
  EXPECT_EQ(bits["maximum"], 16);
  EXPECT_EQ(bits["default"], 8);
  const Json evaluation = tables["evaluation"]["properties"];
  EXPECT_EQ(evaluation["draws"]["default"], 10);
  EXPECT_EQ(evaluation["estimator"]["enum"], Json({"per_draw", "per_batch"}));
  EXPECT_EQ(evaluation["stop"]["anyOf"][0]["const"], "none");
}

// Each model's own keys where it is named, any model's where a preset or a sweep names it.
TEST(JsonSchema, KnowsADeviceByItsModel) {
  const Json device = Json::parse(json_schema())["properties"]["device"];
  const Json& devices = device["oneOf"];
  EXPECT_EQ(device["properties"]["model"]["enum"].size(), device_kinds().size());
  for (std::size_t i = 0; i < device_kinds().size(); ++i) {
    EXPECT_EQ(devices[i]["required"], Json({"model"}));
    EXPECT_EQ(devices[i]["properties"]["model"]["const"], device_kinds()[i].name);
  }
  const Json& none = devices.back();
  EXPECT_EQ(none["not"]["required"], Json({"model"}));
  EXPECT_FALSE(none.contains("required"));
  EXPECT_FALSE(none["properties"].contains("model"));
  for (const char* key : {"g_max_S", "eta", "programming_scale", "layers"})
    EXPECT_TRUE(none["properties"].contains(key)) << key;
}

TEST(JsonSchema, ListsHaveTheirChoicesAndRanges) {
  const Json tables = Json::parse(json_schema())["properties"];
  const Json sources =
      tables["budget"]["properties"]["attribution"]["anyOf"][1]["properties"]["sources"];
  EXPECT_EQ(sources["type"], "array");
  EXPECT_EQ(sources["items"]["type"], "string");
  EXPECT_EQ(sources["items"]["enum"], Json(source_names()));
}

TEST(JsonSchema, IsWhatTheProgramPrints) {
  EXPECT_EQ(test::ohmic({"describe", "--json-schema"}).out, json_schema());
}

}  // namespace
}  // namespace ohmic
