#include "tools/gatepost/imap_import/folder_mapping.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <set>

#include "controlplane/model/mailbox.h"
#include "dataplane/mail/header_field.h"

namespace gatepost::tools {

namespace {

// Names that programs give to folders of a special use, where their server tells none (RFC 6154).
constexpr struct {
    std::string_view name;
    std::string_view use;
} kUsualNames[] = {
    {"Sent", "\\Sent"},           {"Sent Items", "\\Sent"},
    {"Sent Messages", "\\Sent"},  {"Sent Mail", "\\Sent"},
    {"Sent-Mail", "\\Sent"},      {"Drafts", "\\Drafts"},
    {"Draft", "\\Drafts"},        {"Trash", "\\Trash"},
    {"Deleted Items", "\\Trash"}, {"Deleted Messages", "\\Trash"},
    {"Junk", "\\Junk"},           {"Spam", "\\Junk"},
    {"Junk E-mail", "\\Junk"},    {"Junk Email", "\\Junk"},
    {"Bulk Mail", "\\Junk"},      {"Archive", "\\Archive"},
    {"Archives", "\\Archive"},
};

bool matches(const std::vector<std::string>& patterns, const std::string& name) {
    return std::ranges::any_of(patterns, [&](const std::string& pattern) {
        return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
    });
}

std::string_view use_by_name(const std::string& name) {
    const auto* found = std::ranges::find_if(kUsualNames, [&](const auto& usual) {
        return dataplane::equal_ignoring_case(usual.name, name);
    });
    return found == std::end(kUsualNames) ? std::string_view() : found->use;
}

// "/" stands between our levels, and no control character is in a name.
std::string own_level(std::string level) {
    std::ranges::replace_if(
        level, [](char c) { return c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
        '_');
    return level;
}

std::string own_name(const RemoteFolder& folder) {
    std::vector<std::string> levels;
    for (const std::string& level : folder.levels) levels.push_back(own_level(level));
    return fmt::format("{}", fmt::join(levels, "/"));
}

class Mapper {
  public:
    Mapper(const std::vector<RemoteFolder>& folders, const std::vector<OwnMailbox>& own,
           const FolderChoice& choice)
        : own_(own), choice_(choice) {
        for (const RemoteFolder& folder : folders)
            if (!folder.special_use.empty()) told_.insert(folder.special_use);
    }

    void add(const RemoteFolder& folder) {
        const std::string name = folder.name();
        if (!folder.selectable || matches(choice_.unwanted, name)) return;
        if (!choice_.wanted.empty() && !matches(choice_.wanted, name)) return;
        // RFC 6154 §2: what is in these is in others too.
        const bool is_view = folder.special_use == "\\All" || folder.special_use == "\\Flagged";
        if (is_view && choice_.wanted.empty()) {
            out_.notes.push_back(
                fmt::format("{} shows messages of other folders, and is left out; "
                            "--folder takes it along",
                            name));
            return;
        }
        map(folder, name);
    }
    FolderMapping finish() { return std::move(out_); }

  private:
    // Told by the server, or by its name where the server tells of no other.
    std::string use_of(const RemoteFolder& folder) const {
        if (!folder.special_use.empty() || folder.levels.size() != 1) return folder.special_use;
        const std::string_view use = use_by_name(folder.levels.front());
        return told_.contains(use) ? std::string() : std::string(use);
    }
    const OwnMailbox* own_of_use(std::string_view use) const {
        const auto found = std::ranges::find(own_, use, &OwnMailbox::special_use);
        return use.empty() || found == own_.end() ? nullptr : &*found;
    }

    void map(const RemoteFolder& folder, const std::string& name) {
        MappedFolder mapped;
        mapped.source = folder;
        const std::string use = use_of(folder);
        if (const OwnMailbox* own = own_of_use(use)) {
            mapped.mailbox = own->name;
        } else {
            auto allowed = controlplane::mailbox_name_from_text(own_name(folder));
            if (!allowed) {
                out_.failures.push_back(fmt::format("{}: {}", name, allowed.error().message));
                return;
            }
            mapped.mailbox = std::move(*allowed);
            // INBOX has no other use, and each use one mailbox.
            if (mapped.mailbox != "INBOX" && uses_made_.insert(use).second)
                mapped.special_use = use;
        }
        if (mapped.mailbox != name)
            out_.notes.push_back(fmt::format("{} goes to {}", name, mapped.mailbox));
        mapped.create = std::ranges::find(own_, mapped.mailbox, &OwnMailbox::name) == own_.end() &&
                        made_.insert(mapped.mailbox).second;
        out_.folders.push_back(std::move(mapped));
    }

    const std::vector<OwnMailbox>& own_;
    const FolderChoice& choice_;
    std::set<std::string, std::less<>> told_;
    std::set<std::string, std::less<>> uses_made_;
    std::set<std::string, std::less<>> made_;
    FolderMapping out_;
};

}  // namespace

FolderMapping map_folders(const std::vector<RemoteFolder>& folders,
                          const std::vector<OwnMailbox>& own, const FolderChoice& choice) {
    Mapper mapper(folders, own, choice);
    for (const RemoteFolder& folder : folders) mapper.add(folder);
    return mapper.finish();
}

}  // namespace gatepost::tools
