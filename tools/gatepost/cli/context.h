// What every command works with: the global options, the settings of the instance that is meant,
// its database and its control socket, and the two streams (data on standard output, messages on
// standard error).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/pg/connection.h"
#include "storage/base/error.h"
#include "tools/gatepost/cli/control_client.h"
#include "tools/gatepost/cli/parser.h"
#include "tools/gatepost/config/config.h"
#include "tools/gatepost/config/settings.h"
#include "tools/gatepost/output/progress.h"
#include "tools/gatepost/supervisor/local_instance.h"

namespace gatepost::tools {

class Context {
  public:
    explicit Context(GlobalOptions options) : options_(std::move(options)) {}

    const GlobalOptions& options() const { return options_; }
    bool json() const { return options_.json; }
    std::chrono::milliseconds timeout(std::chrono::milliseconds fallback) const {
        return options_.timeout.value_or(fallback);
    }

    // The instance is, in this order: --local, --config, GATEPOST_LOCAL, GATEPOST_CONFIG,
    // /etc/gatepost/gatepost.toml, and for a program in its build tree that tree's .local.
    Result<const Settings*> settings();
    Result<Config> config();
    // After settings(): whether it is a local one.
    const std::optional<LocalInstance>& local() const { return local_; }
    // The file that settings() read; "" for none.
    const std::string& config_file() const { return config_file_; }
    // The words that make another gatepost command mean the same instance.
    std::vector<std::string> instance_words() const;

    // Refused where its schema is not the one that this program knows.
    Result<controlplane::Connection> database();
    Result<controlplane::Connection> database_of_any_schema();
    Result<ControlClient> control();

    void print(std::string_view text) const;       // as it is
    void note(std::string_view message) const;     // a line, unless --quiet
    void warning(std::string_view message) const;  // a line
    void complain(std::string_view line) const;    // a line of a checked file: place and message
    void detail(std::string_view message) const;   // a line, with --verbose only
    Progress::Style progress_style() const;

  private:
    Status find_instance(Settings& settings);

    GlobalOptions options_;
    std::unique_ptr<Settings> settings_;
    std::optional<LocalInstance> local_;
    std::string config_file_;
};

}  // namespace gatepost::tools
