// A Python of the machine that the tests run on, for files that only its programs write.
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/temporary_folder.hpp"

namespace ohmic::test {

/// One that imports all of `modules`: that of VIRTUAL_ENV, or python3. Empty where there is none.
inline std::string python_with(const std::vector<std::string>& modules) {
  std::string found = "all([";
  for (const std::string& module : modules) found += "u.find_spec(\"" + module + "\"), ";
  const char* environment = std::getenv("VIRTUAL_ENV");
  std::vector<std::string> candidates{"python3"};
  if (environment) candidates.insert(candidates.begin(), environment + std::string("/bin/python"));
  for (const std::string& python : candidates)
    if (std::system((python + " -c 'import importlib.util as u, sys; sys.exit(not " + found +
                     "]))' >/dev/null 2>&1")
                        .c_str()) == 0)
      return python;
  return {};
}

/// Has `python` run a script in the folder. Returns what it complained about; empty: nothing.
inline std::string run_script(const std::string& python, const TemporaryFolder& folder,
                              const std::string& script) {
  folder.write("make.py", script);
  const std::string command =
      "cd '" + folder.path().string() + "' && " + python + " make.py >log 2>&1";
  return std::system(command.c_str()) == 0 ? "" : bytes_of(folder.path() / "log");
}

}  // namespace ohmic::test
