// The settings of one run: every key of the table with its value and where the value came from
// (default, file:line, environment). What a person's file may say wrong is found here, all of it at
// once.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"
#include "tools/gatepost/config/keys.h"
#include "tools/gatepost/config/nic_config.h"

namespace gatepost::tools {

struct Setting {
    std::vector<std::string> values;  // one, except for lists
    std::string origin;  // "default", "gatepost.toml:12", "environment GATEPOST_LOG_LEVEL"…

    std::string text() const;  // lists joined with ", "
};

class Settings {
  public:
    // The defaults alone.
    Settings();

    // The file's values over what is there. All errors at once, one line each:
    // `file:line:column: message`.
    Status read_file(const std::string& path);
    Status read_text(std::string_view toml, std::string_view name_of_file);
    // GATEPOST_SECTION_KEY for each key; list elements separated by commas. `lookup` is getenv.
    Status read_environment(const char* (*lookup)(const char*));
    // For values that something else than a person decides, such as --local.
    void set(std::string_view name, std::vector<std::string> values, std::string origin);
    // The same where the key still has its default.
    void set_default(std::string_view name, std::vector<std::string> values, std::string origin);

    const Setting& get(std::string_view name) const;
    bool is_default(std::string_view name) const { return get(name).origin == "default"; }

    // The [[nic]] tables, in the order of the file.
    const std::vector<NicTable>& nics() const { return nics_; }

  private:
    void set_nic(size_t number, std::string_view key, std::vector<std::string> values,
                 std::string origin);

    std::vector<NicTable> nics_;
    std::map<std::string, Setting, std::less<>> settings_;
};

// "dns.listen" → "GATEPOST_DNS_LISTEN"
std::string environment_name(std::string_view key);

}  // namespace gatepost::tools
