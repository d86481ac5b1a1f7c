// The state file of an import, in whatever state it is: what is taken is taken again, by readers
// and by the next run, and what is noted in it then is there the next time. The first octet says
// whether the two lines that a file begins with are put before the others.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/base/check.h"
#include "tools/gatepost/imap_import/import_state.h"

using namespace gatepost;
using namespace gatepost::tools;

namespace {

constexpr std::string_view kFromTo = "a@b:993 to c@d";
constexpr std::string_view kName = "a b";

// A file in memory, of a name of its own.
class StateFile {
  public:
    StateFile() : file_(::memfd_create("state", MFD_CLOEXEC)) { GATEPOST_CHECK(bool{file_}); }
    void append(std::string_view octets) {
        const ssize_t written = ::write(file_.get(), octets.data(), octets.size());
        GATEPOST_CHECK(written == static_cast<ssize_t>(octets.size()));
    }
    Result<std::unique_ptr<ImportState>> open(bool read_only) {
        return ImportState::open(fmt::format("/proc/self/fd/{}", file_.get()), std::string(kFromTo),
                                 flags_, read_only);
    }
    off_t size() const {
        struct stat status {};
        GATEPOST_CHECK(::fstat(file_.get(), &status) == 0);
        return status.st_size;
    }
    FlagTable& flags() { return flags_; }

  private:
    UniqueFd file_;
    FlagTable flags_;
};

uint32_t note_one(StateFile& file) {
    auto state = file.open(false);
    GATEPOST_CHECK(state.has_value());
    FolderState& folder = **(*state)->folder(std::string(kName), 7, "m %", 9);
    uint32_t uid = 1;
    while ((*state)->is_copy("m %", uid)) ++uid;
    GATEPOST_CHECK((*state)->note(folder, uid, {uid, file.flags().number("\\Seen x")}));
    (*state)->note_subscription(std::string(kName), true);
    GATEPOST_CHECK((*state)->flush().has_value());
    return uid;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::string_view lines(reinterpret_cast<const char*>(data + 1), size - 1);
    if (const auto text = text_of_state_word(lines))
        GATEPOST_CHECK(text_of_state_word(state_word(*text)) == text);
    StateFile file;
    if ((data[0] & 1) != 0) file.append(fmt::format("gatepost import 1\nfrom {}\n", kFromTo));
    file.append(lines);
    const bool taken = file.open(true).has_value();
    GATEPOST_CHECK(file.open(false).has_value() == taken);
    if (!taken) return 0;
    const off_t whole = file.size();
    GATEPOST_CHECK(file.open(false).has_value() && file.size() == whole);
    const uint32_t uid = note_one(file);
    const auto state = file.open(false);
    GATEPOST_CHECK(state.has_value());
    const FolderState* folder = (*state)->find_folder(std::string(kName), 7);
    GATEPOST_CHECK(folder != nullptr &&
                   *(*state)->folder(std::string(kName), 7, "m %", 9) == folder);
    GATEPOST_CHECK(folder->messages.at(uid).uid == uid && (*state)->is_copy("m %", uid));
    GATEPOST_CHECK(file.flags().text(folder->messages.at(uid).flags) == "\\Seen x");
    GATEPOST_CHECK((*state)->subscription(std::string(kName)) == true);
    return 0;
}
