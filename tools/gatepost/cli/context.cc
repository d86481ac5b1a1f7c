#include "tools/gatepost/cli/context.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "controlplane/schema/schema.h"
#include "tools/gatepost/supervisor/children.h"
#include "tools/gatepost/supervisor/programs.h"

namespace gatepost::tools {

namespace fs = std::filesystem;

namespace {

constexpr const char* kSystemConfig = "/etc/gatepost/gatepost.toml";

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

// The .local of the tree that this program was built in: BUILD/tools/gatepost/gatepost, BUILD
// inside the tree.
std::string local_of_tree() {
    std::error_code ignored;
    fs::path folder = fs::path(own_path()).parent_path();
    for (int i = 0; i < 4 && folder.has_relative_path(); ++i, folder = folder.parent_path())
        if (fs::exists(folder / ".local/data", ignored)) return (folder / ".local").string();
    return "";
}

}  // namespace

Status Context::find_instance(Settings& settings) {
    std::string local = options_.local_dir;
    config_file_ = options_.config_file;
    if (local.empty() && config_file_.empty()) local = environment("GATEPOST_LOCAL");
    if (local.empty() && config_file_.empty()) config_file_ = environment("GATEPOST_CONFIG");
    std::error_code ignored;
    if (local.empty() && config_file_.empty()) {
        if (fs::exists(kSystemConfig, ignored))
            config_file_ = kSystemConfig;
        else
            local = local_of_tree();
    }
    if (!local.empty()) {
        auto instance = open_local_instance(local);
        if (!instance) return tl::unexpected(std::move(instance).error());
        local_ = std::move(*instance);
        const std::string own_file = local_->directory + "/gatepost.toml";
        if (config_file_.empty() && fs::exists(own_file, ignored)) config_file_ = own_file;
    }
    if (!config_file_.empty())
        if (Status read = settings.read_file(config_file_); !read) return read;
    if (Status read = settings.read_environment(
            [](const char* name) -> const char* { return std::getenv(name); });
        !read)
        return read;
    if (local_) apply_local_settings(*local_, settings);
    return {};
}

Result<const Settings*> Context::settings() {
    if (settings_ == nullptr) {
        auto settings = std::make_unique<Settings>();
        if (Status found = find_instance(*settings); !found)
            return tl::unexpected(std::move(found).error());
        settings_ = std::move(settings);
        detail(local_                 ? fmt::format("the local instance in {}", local_->directory)
               : config_file_.empty() ? "no configuration file, defaults"
                                      : fmt::format("configuration file {}", config_file_));
    }
    return settings_.get();
}

Result<Config> Context::config() {
    auto all = settings();
    if (!all) return tl::unexpected(std::move(all).error());
    return config_from_settings(**all);
}

std::vector<std::string> Context::instance_words() const {
    std::vector<std::string> words;
    if (local_) words.insert(words.end(), {"--local", local_->directory});
    // Another process may stand in another folder.
    if (!config_file_.empty())
        words.insert(words.end(), {"--config", std::filesystem::absolute(config_file_).string()});
    return words;
}

Result<controlplane::Connection> Context::database() {
    auto connection = database_of_any_schema();
    if (!connection) return connection;
    if (Status current = controlplane::schema_require_current(*connection); !current)
        return tl::unexpected(std::move(current).error());
    return connection;
}

Result<controlplane::Connection> Context::database_of_any_schema() {
    auto config = this->config();
    if (!config) return tl::unexpected(std::move(config).error());
    auto password = read_password(*config);
    if (!password) return tl::unexpected(std::move(password).error());
    if (!password->empty()) ::setenv("PGPASSWORD", password->c_str(), 1);
    auto connection = controlplane::Connection::open(config->dsn, "gatepost");
    if (!connection && local_ && connection.error().code == ErrorCode::unreachable)
        return fail(
            ErrorCode::unreachable,
            "the database of the local instance in {} does not run; start it with: gatepost run "
            "--local {}",
            local_->directory, local_->directory);
    return connection;
}

Result<ControlClient> Context::control() {
    auto config = this->config();
    if (!config) return tl::unexpected(std::move(config).error());
    return ControlClient::connect(config->control_socket());
}

void Context::print(std::string_view text) const {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

// Data that was printed before a message also comes before it where both go to one place.
void Context::note(std::string_view message) const {
    std::fflush(stdout);
    if (!options_.quiet) fmt::print(stderr, "{}\n", message);
}

void Context::warning(std::string_view message) const {
    fmt::print(stderr, "gatepost: warning: {}\n", message);
}

void Context::complain(std::string_view line) const {
    fmt::print(stderr, "{}\n", line);
}

Progress::Style Context::progress_style() const {
    return options_.quiet ? Progress::Style::none : Progress::style_for(stderr);
}

void Context::detail(std::string_view message) const {
    if (options_.verbose) fmt::print(stderr, "gatepost: {}\n", message);
}

}  // namespace gatepost::tools
