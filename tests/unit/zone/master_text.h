// Reads master-file text for tests: records and errors as lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/zone/master_file.h"
#include "storage/zone/zone_data.h"

namespace gatepost::storage {

struct MasterLines {
    std::vector<std::string> records;  // "www.example. 300 A 192.0.2.1"
    std::vector<std::string> errors;   // "zone:1:5: …"
    Status status;
};

// Origin "example." unless `options` has another than the root.
MasterLines read_lines(std::string_view text, MasterFileOptions options = {});
MasterLines read_file_lines(const std::string& path, MasterFileOptions options = {});

// The zone of a text that has no errors.
ZoneData zone_of(std::string_view text, std::string_view apex = "example.");

// A folder that is removed with everything in it.
class TemporaryFolder {
  public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    // Writes a file into it, making folders above it. Gives its path.
    std::string write(const std::string& name, std::string_view content) const;
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

}  // namespace gatepost::storage
