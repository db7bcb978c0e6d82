#include "nn/network/tensor_names.hpp"

#include <gtest/gtest.h>

#include "simulator/error.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::error_of;

Graph graph_of(const std::string& name, int width = 2) {
  ModelSettings model;
  model.name = name;
  model.layout = "he";
  model.width = width;
  return build_model(model, 10);
}

using Tensors = std::vector<FileTensor>;

/// The tensors of a network in `dictionary`, with `prefix` before every name.
void add(Tensors& tensors, const Graph& graph, const std::string& dictionary,
         const std::string& prefix) {
  for (const ParameterShape& p : parameter_shapes(graph))
    tensors.push_back({dictionary, prefix + p.name, p.shape, ""});
}

Tensors tensors_of(const Graph& graph, const std::string& dictionary = "",
                   const std::string& prefix = "") {
  Tensors tensors;
  add(tensors, graph, dictionary, prefix);
  return tensors;
}

/// What fit_names gives as the full names of the file, by the graph's.
std::map<std::string, std::string> fitted(const Tensors& tensors, const Graph& graph) {
  std::map<std::string, std::string> names;
  for (const auto& [name, i] : fit_names(tensors, graph, "F"))
    names[name] = tensors[i].dictionary + "|" + tensors[i].name;
  return names;
}

std::string refusal(const Tensors& tensors, const Graph& graph) {
  return error_of([&] { fit_names(tensors, graph, "F"); });
}

TEST(TensorNames, FindWhateverStandsBeforeEveryName) {
  const Graph graph = graph_of("resnet8");
  for (const auto& [dictionary, prefix] : std::vector<std::pair<std::string, std::string>>{
           {"", ""},
           {"", "module."},
           {"", "_orig_mod."},
           {"", "module._orig_mod."},
           {"state_dict", "model."},
           {"state_dict", "model.module."},
           {"model_state_dict", ""},
           {"net", "module."},
           {"checkpoint.0.weights", "backbone.layer1.0."}}) {
    const auto names = fitted(tensors_of(graph, dictionary, prefix), graph);
    ASSERT_EQ(names.size(), parameter_shapes(graph).size()) << dictionary << " " << prefix;
    for (const auto& [name, found] : names) EXPECT_EQ(found, dictionary + "|" + prefix + name);
  }
}

TEST(TensorNames, PassOverWhatCompilingAndShardingPutBetweenTheParts) {
  const Graph graph = graph_of("resnet8");
  Tensors tensors = tensors_of(graph, "", "module.");
  for (FileTensor& t : tensors) {
    if (t.name.starts_with("module.layer1.")) t.name.insert(sizeof("module.layer1"), "_orig_mod.");
    if (t.name.starts_with("module.layer2."))
      t.name.insert(sizeof("module.layer2"), "_fsdp_wrapped_module._checkpoint_wrapped_module.");
  }
  EXPECT_EQ(fitted(tensors, graph).at("layer1.0.conv1.weight"),
            "|module.layer1._orig_mod.0.conv1.weight");
}

TEST(TensorNames, LeaveCountersOtherDictionariesAndTheCriterionAlone) {
  const Graph graph = graph_of("resnet8");
  Tensors tensors = tensors_of(graph, "state_dict", "model.");
  tensors.push_back({"state_dict", "model.bn1.num_batches_tracked", {}, "of type Long"});
  tensors.push_back({"state_dict", "n_averaged", {}, "of type Long"});
  tensors.push_back({"state_dict", "criterion.weight", {10}, ""});
  tensors.push_back({"optimizer.state.0", "exp_avg", {2, 3, 3, 3}, ""});
  EXPECT_EQ(fitted(tensors, graph).size(), parameter_shapes(graph).size());
}

/// Momenta under the network's own names are no network: their statistics are missing.
TEST(TensorNames, AreNotThoseOfAnOptimiser) {
  const Graph graph = graph_of("resnet8");
  Tensors tensors;
  for (const ParameterShape& p : parameter_shapes(graph))
    if (p.trainable) tensors.push_back({"momentum", p.name, p.shape, ""});
  add(tensors, graph, "model", "");
  EXPECT_EQ(fitted(tensors, graph).at("conv1.weight"), "model|conv1.weight");
}

TEST(TensorNames, TakeOneDictionaryPerLayer) {
  const Graph graph = graph_of("resnet8");
  Tensors tensors;
  for (const ParameterShape& p : parameter_shapes(graph)) {
    const std::size_t dot = p.name.rfind('.');
    tensors.push_back({"net." + p.name.substr(0, dot), p.name.substr(dot + 1), p.shape, ""});
  }
  EXPECT_EQ(fitted(tensors, graph).at("linear.bias"), "net.linear|bias");
  tensors.push_back({"net.head", "weight", {3}, ""});
  EXPECT_NE(refusal(tensors, graph).find("head.weight is not part of the network"),
            std::string::npos);
}

TEST(TensorNames, OfSeveralNetworksAreRefusedByTheirPrefixes) {
  const Graph graph = graph_of("resnet8");
  Tensors tensors = tensors_of(graph, "state_dict");
  add(tensors, graph, "state_dict_ema", "module.");
  EXPECT_EQ(refusal(tensors, graph),
            "F: holds several networks that fit resnet8, layout he, 10 classes: \"state_dict\", "
            "\"state_dict_ema.module\". Name the one that is meant: model.tensors = "
            "\"state_dict\", say");
}

TEST(TensorNames, OfSeveralNetworksAreThoseThatAreAskedFor) {
  const Graph graph = graph_of("resnet8");
  Tensors tensors = tensors_of(graph, "state_dict");
  add(tensors, graph, "state_dict_ema", "module.");
  const auto first_of = [&](const std::string& name) {
    const std::size_t i = fit_names(tensors, graph, "F", {name}).at("conv1.weight");
    return tensors[i].dictionary + "|" + tensors[i].name;
  };
  EXPECT_EQ(first_of("state_dict"), "state_dict|conv1.weight");
  EXPECT_EQ(first_of("state_dict_ema"), "state_dict_ema|module.conv1.weight");
  EXPECT_EQ(first_of("state_dict_ema.module"), "state_dict_ema|module.conv1.weight");
  EXPECT_EQ(first_of("module"), "state_dict_ema|module.conv1.weight");
  EXPECT_EQ(error_of([&] { first_of("ema"); }),
            "F: holds no tensors of resnet8, layout he, 10 classes under \"ema\" (model.tensors); "
            "expected \"state_dict\", \"state_dict_ema.module\"");
}

/// Beside those that are chosen lie others in the same dictionary, here some without a prefix.
TEST(TensorNames, AreChosenInOneDictionaryToo) {
  const Graph student = graph_of("resnet8"), teacher = graph_of("resnet14");
  Tensors tensors = tensors_of(teacher, "", "teacher.");
  add(tensors, student, "", "");
  add(tensors, student, "", "ema.module.");
  const auto first_of = [&](const Graph& graph, const std::string& name) {
    return tensors[fit_names(tensors, graph, "F", {name, "k"}).at("conv1.weight")].name;
  };
  EXPECT_EQ(first_of(student, "."), "conv1.weight");
  EXPECT_EQ(first_of(student, "ema"), "ema.module.conv1.weight");
  EXPECT_EQ(first_of(teacher, "teacher"), "teacher.conv1.weight");
  EXPECT_NE(refusal(tensors, student).find(": \".\", \"ema.module\", \"teacher\". Name the one"),
            std::string::npos);
  EXPECT_NE(error_of([&] {
              first_of(student, "teacher");
            }).find("layer1.1.bn1.bias is not part of the network"),
            std::string::npos);
  EXPECT_NE(error_of([&] { first_of(student, "nothing"); }).find("under \"nothing\" (k); expected"),
            std::string::npos);
  add(tensors, student, "", "other.module.");
  EXPECT_NE(error_of([&] { first_of(student, "module"); })
                .find("\"ema.module\", \"other.module\". Name the one that is meant: k = "
                      "\"ema.module\", say"),
            std::string::npos);
}

TEST(TensorNames, TellTeacherAndStudentApart) {
  const Graph student = graph_of("resnet8"), teacher = graph_of("resnet14");
  Tensors apart = tensors_of(teacher, "teacher");
  add(apart, student, "student", "");
  EXPECT_EQ(fitted(apart, student).at("conv1.weight"), "student|conv1.weight");
  EXPECT_EQ(fitted(apart, teacher).at("conv1.weight"), "teacher|conv1.weight");
  Tensors together = tensors_of(teacher, "", "teacher.");
  add(together, student, "", "student.");
  EXPECT_NE(refusal(together, student).find("\"student\", \"teacher\""), std::string::npos);
  Tensors wide = tensors_of(graph_of("resnet8", 4), "wide");
  add(wide, student, "narrow", "");
  EXPECT_EQ(fitted(wide, student).at("conv1.weight"), "narrow|conv1.weight");
}

TEST(TensorNames, RefuseWhatTheNetworkWouldNotCompute) {
  const Graph graph = graph_of("resnet8");
  Tensors tensors = tensors_of(graph, "", "module.model.");
  tensors.push_back({"", "module.normalize.mean", {3}, ""});
  EXPECT_TRUE(refusal(tensors, graph)
                  .starts_with("F: does not fit resnet8, layout he, 10 classes: "
                               "module.normalize.mean is not part of the network. "));
}

TEST(TensorNames, RefuseWhatIsNoFloatByItsKind) {
  const Graph graph = graph_of("resnet8");
  Tensors tensors = tensors_of(graph);
  for (FileTensor& t : tensors)
    if (t.name == "linear.weight") t.foreign_type = "of type I8";
  EXPECT_TRUE(
      refusal(tensors, graph)
          .starts_with("F: does not fit resnet8, layout he, 10 classes: linear.weight is of "
                       "type I8, not 16-, 32- or 64-bit floats. "));
}

TEST(TensorNames, SayWhatDoesNotFitAndWhatTheFileHolds) {
  const Graph graph = graph_of("resnet8");
  EXPECT_EQ(refusal(tensors_of(graph_of("resnet14", 4), "", "module."), graph),
            "F: does not fit resnet8, layout he, 10 classes: conv1.weight is [4, 3, 3, 3] instead "
            "of [2, 3, 3, 3]; bn1.weight is [4] instead of [2]; bn1.bias is [4] instead of [2]; "
            "bn1.running_mean is [4] instead of [2]; bn1.running_var is [4] instead of [2]; and 61 "
            "more. Its tensors are those of resnet14, layout he, width 4, 10 classes. The file's "
            "tensors are called module.bn1.bias [4], module.bn1.running_mean [4], "
            "module.bn1.running_var [4], module.bn1.weight [4], and 63 more");
}

TEST(TensorNames, OfAForeignNetworkSayWhatCanBeRun) {
  const Tensors tensors{{"", "stem.conv.weight", {64, 3, 7, 7}, ""}, {"", "fc\n.weight", {9}, ""}};
  EXPECT_EQ(refusal(tensors, graph_of("resnet8")),
            "F: does not hold resnet8, layout he, 10 classes: of that network's 37 tensors it has "
            "none by name. The file's tensors are called fc?.weight [9], stem.conv.weight [64, 3, "
            "7, 7]. " +
                what_can_be_run());
  EXPECT_EQ(refusal({}, graph_of("resnet8")), "F: holds no tensors");
  EXPECT_EQ(refusal({{"a", "b.c", {}, ""}, {"a.b", "c", {}, ""}}, graph_of("resnet8")),
            "F: holds two tensors called a.b.c");
}

TEST(TensorNames, AreShownPrintableAndShort) {
  EXPECT_EQ(shown("conv1.weight"), "conv1.weight");
  EXPECT_EQ(shown("a\nb\x1b[31m\x7f"), "a?b?[31m?");
  EXPECT_EQ(shown(std::string(200, 'x')), std::string(80, 'x') + "...");
  EXPECT_EQ(shown(std::string(79, 'x') + "\xc3\xa9"), std::string(79, 'x') + "...");
}

}  // namespace
}  // namespace ohmic
