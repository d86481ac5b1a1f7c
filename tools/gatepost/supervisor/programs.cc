#include "tools/gatepost/supervisor/programs.h"

#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <system_error>

namespace gatepost::tools {

namespace fs = std::filesystem;

namespace {

constexpr int kPostgresVersionMin = 15;

bool is_program(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::string own_path() {
    std::error_code ignored;
    return fs::read_symlink("/proc/self/exe", ignored).string();
}

Result<std::string> find_program(const std::string& name) {
    const fs::path here = fs::path(own_path()).parent_path();
    const fs::path build = here / "../..";  // this is tools/gatepost of the build tree
    for (const fs::path& folder :
         {here, build / "dataplane/worker", build / "dataplane", build / "controlplane/control",
          build / "controlplane", here / "../sbin", fs::path("/usr/sbin")})
        if (is_program(folder / name)) return fs::weakly_canonical(folder / name).string();
    return fail(ErrorCode::refused,
                "cannot find the program {} beside {} or in /usr/sbin; build it, or repair the "
                "installation",
                name, own_path());
}

Result<std::string> find_postgres_programs() {
    // Debian keeps them out of PATH, in a folder per major version.
    int best = 0;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
        const int version = std::atoi(entry.path().filename().c_str());
        if (version > best && is_program(entry.path() / "bin/initdb")) best = version;
    }
    if (best >= kPostgresVersionMin) return fmt::format("/usr/lib/postgresql/{}/bin", best);
    std::istringstream path(std::getenv("PATH") == nullptr ? "" : std::getenv("PATH"));
    for (std::string folder; std::getline(path, folder, ':');)
        if (is_program(fs::path(folder) / "initdb")) return folder;
    return fail(ErrorCode::refused,
                "no PostgreSQL server of version {} or later is installed; on Debian: apt install "
                "postgresql-15",
                kPostgresVersionMin);
}

std::string find_shared_file(const std::string& name) {
    std::error_code ignored;
    // From BUILD/tools/gatepost/gatepost, where BUILD is inside the source tree.
    fs::path folder = fs::path(own_path()).parent_path();
    for (int i = 0; i < 4 && folder.has_relative_path(); ++i, folder = folder.parent_path())
        if (fs::is_regular_file(folder / name, ignored)) return (folder / name).string();
    const fs::path installed = fs::path("/usr/share/gatepost") / fs::path(name).filename();
    return fs::is_regular_file(installed, ignored) ? installed.string() : "";
}

}  // namespace gatepost::tools
