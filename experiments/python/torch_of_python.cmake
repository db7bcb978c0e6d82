# The LibTorch of the Python that the module is for, where it has one; else what CMake finds,
# usually Debian's. `-I`: the environment itself, not the one that pip builds in.
find_package(Python 3.9 REQUIRED COMPONENTS Interpreter Development.Module)
if(NOT DEFINED Torch_DIR)
  execute_process(COMMAND ${Python_EXECUTABLE} -I -c "import importlib.util as u
spec = u.find_spec('torch')
print(spec.submodule_search_locations[0] if spec else '')"
    OUTPUT_VARIABLE torch_of_python OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(torch_of_python)
    message(STATUS "LibTorch of ${Python_EXECUTABLE}: ${torch_of_python}")
    list(PREPEND CMAKE_PREFIX_PATH ${torch_of_python})
  endif()
endif()
