#include "storage/message_log/body_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "storage/base/check.h"
#include "storage/message_log/segment_header.h"

namespace gatepost::storage {

namespace {

ErrorCode code_of(int error) {
    return error == EACCES || error == EPERM ? ErrorCode::permission : ErrorCode::refused;
}

}  // namespace

Status BodyFile::read(uint64_t offset, std::span<uint8_t> room) const {
    GATEPOST_CHECK(offset <= location_.size && room.size() <= location_.size - offset);
    for (size_t done = 0; done < room.size();) {
        const ssize_t got = ::pread(file_.get(), room.data() + done, room.size() - done,
                                    static_cast<off_t>(location_.offset + offset + done));
        if (got > 0) {
            done += static_cast<size_t>(got);
        } else if (got == 0) {
            return fail(ErrorCode::refused, "segment {} ends within the message",
                        location_.segment);
        } else if (errno != EINTR) {
            return fail(ErrorCode::refused, "reading segment {}: {}", location_.segment,
                        std::strerror(errno));
        }
    }
    return {};
}

Result<std::string> BodyFile::read_all() const {
    std::string octets(location_.size, '\0');
    if (Status done = read(0, {reinterpret_cast<uint8_t*>(octets.data()), octets.size()}); !done)
        return tl::unexpected(std::move(done).error());
    return octets;
}

Result<MessageFolder> MessageFolder::open(const std::string& path) {
    UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder)
        return fail(code_of(errno), "opening the message log in {}: {}{}", path,
                    std::strerror(errno),
                    errno == EACCES ? "; root and the control plane's group may" : "");
    return MessageFolder(std::move(folder), path);
}

Result<BodyFile> MessageFolder::body(const BodyLocation& location) const {
    std::string name;
    for (const SegmentKind kind : {SegmentKind::log, SegmentKind::own}) {
        name = segment_file_name(location.segment, kind);
        UniqueFd file(::openat(folder_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
        if (!file && errno == ENOENT) continue;
        if (!file)
            return fail(code_of(errno), "opening {}/{}: {}", path_, name, std::strerror(errno));
        struct stat about {};
        if (::fstat(file.get(), &about) != 0)
            return fail(ErrorCode::refused, "{}/{}: {}", path_, name, std::strerror(errno));
        // Before anybody makes room for what a damaged row says.
        const auto size = static_cast<uint64_t>(about.st_size);
        if (location.offset > size || location.size > size - location.offset)
            return fail(ErrorCode::refused, "{}/{} ends before octet {}", path_, name,
                        location.offset + location.size);
        return BodyFile(std::move(file), location);
    }
    return fail(ErrorCode::refused, "there is no segment {} in {}: {}", location.segment, path_,
                "another host has it, or it was damaged (gatepost store check)");
}

}  // namespace gatepost::storage
