#include "experiments/program.hpp"

int main(int argc, char** argv) { return ohmic::run_program(argc, argv); }
