#include "tests/unit/zone/master_text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "storage/zone/rdata.h"

namespace gatepost::storage {

namespace {

using ReadFunction = std::function<Status(const MasterFileOptions&, const MasterSink&)>;

MasterLines collect(MasterFileOptions options, const ReadFunction& read) {
    if (options.origin.view().is_root()) options.origin = *dname_from_text("example.");
    std::vector<MasterError> errors;
    options.errors = &errors;
    MasterLines lines;
    lines.status = read(options, [&](const MasterRecord& record) -> Status {
        lines.records.push_back(fmt::format("{} {} {} {}", dname_to_text(record.owner), record.ttl,
                                            rrtype_to_text(record.type),
                                            rdata_to_text(record.type, record.rdata)));
        return {};
    });
    for (const MasterError& error : errors) lines.errors.push_back(error.text());
    return lines;
}

}  // namespace

MasterLines read_lines(std::string_view text, MasterFileOptions options) {
    return collect(std::move(options), [&](const MasterFileOptions& all, const MasterSink& sink) {
        return read_master_text(text, "zone", all, sink);
    });
}

MasterLines read_file_lines(const std::string& path, MasterFileOptions options) {
    return collect(std::move(options), [&](const MasterFileOptions& all, const MasterSink& sink) {
        return read_master_file(path, all, sink);
    });
}

ZoneData zone_of(std::string_view text, std::string_view apex) {
    Dname name = *dname_from_text(apex);
    MasterFileOptions options;
    options.origin = name;
    ZoneDataBuilder builder(name);
    Status read =
        read_master_text(text, "zone", options, [&](const MasterRecord& record) -> Status {
            builder.add(record);
            return {};
        });
    EXPECT_TRUE(read) << read.error().message;
    return *builder.finish();
}

TemporaryFolder::TemporaryFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "gatepost-zone-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) ADD_FAILURE() << "no temporary folder " << path;
    path_ = path;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::write(const std::string& name, std::string_view content) const {
    std::filesystem::path path = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
}

}  // namespace gatepost::storage
