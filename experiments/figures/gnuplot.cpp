#include "experiments/figures/gnuplot.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "experiments/measure/files.hpp"
#include "experiments/measure/own_copy.hpp"

namespace ohmic {
namespace {

constexpr char kFont[] = "Helvetica,Arial,sans-serif";

std::string whole_script(const Figure& f) {
  return fmt::format(
      "set encoding utf8\n"
      "set terminal svg size {0},{1} font '{2},14' background 'white' noenhanced\n"
      "set output '{3}.svg'\n{4}\n"
      "set terminal pngcairo size {5},{6} font 'Sans,11' fontscale 2 linewidth 2 pointscale 2 "
      "noenhanced\n"
      "set output '{3}.png'\n{4}\nset output\n",
      f.width, f.height, kFont, f.name, f.script, 2 * f.width, 2 * f.height);
}

/// Runs a program in a folder, silently. Returns its exit status; 127 when it is not there.
int run_in(const std::filesystem::path& folder, const char* program, std::string argument) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO})
    posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0);
  std::string name = program;
  char* arguments[] = {name.data(), argument.data(), nullptr};
  pid_t process = 0;
  const int failure = posix_spawnp(&process, program, &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (failure != 0 || ::waitpid(process, &status, 0) != process) return 127;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/// gnuplot writes in place: through links, and it waits for a pipe's reader.
void make_own(const std::filesystem::path& image) {
  std::error_code failed;
  const auto status = std::filesystem::symlink_status(image, failed);
  if (std::filesystem::is_regular_file(status))
    own_copy(image);
  else if (std::filesystem::exists(status) && !std::filesystem::is_directory(status))
    std::filesystem::remove(image, failed);
}

}  // namespace

Drawn draw(const Figure& figure, const std::filesystem::path& folder) {
  make_own_folder(folder);
  write_atomically(folder / (figure.name + ".gp"), whole_script(figure));
  for (const char* extension : {".svg", ".png"}) make_own(folder / (figure.name + extension));
  const int status = run_in(folder, "gnuplot", figure.name + ".gp");
  return status == 0 ? Drawn::yes : status == 127 ? Drawn::no_gnuplot : Drawn::failed;
}

std::string drawing_problem(Drawn drawn, const Figure& figure,
                            const std::filesystem::path& folder) {
  if (drawn == Drawn::no_gnuplot) return "gnuplot is not installed (Debian: gnuplot-nox)";
  if (drawn == Drawn::failed)
    return fmt::format("gnuplot does not like {}", (folder / (figure.name + ".gp")).string());
  return "";
}

}  // namespace ohmic
