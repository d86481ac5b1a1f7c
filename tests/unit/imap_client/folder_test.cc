#include <gtest/gtest.h>

#include <algorithm>

#include "tools/gatepost/imap_import/folder_mapping.h"

namespace gatepost::tools {
namespace {

RemoteFolder listed(const std::string& line, std::string_view prefix = "") {
    const auto response = parse_response("* LIST " + line, {});
    EXPECT_TRUE(response) << line;
    return folder_of(*response, prefix);
}

TEST(Folders, NamesOfAllKinds) {
    EXPECT_EQ(listed("() \"/\" inbox").name(), "INBOX");
    EXPECT_EQ(listed("() \".\" INBOX.Work.2026", "INBOX.").name(), "Work/2026");
    EXPECT_EQ(listed("() \".\" INBOX.Work.2026", "INBOX.").wire_name, "INBOX.Work.2026");
    EXPECT_EQ(listed("() \".\" INBOX", "INBOX.").name(), "INBOX");
    EXPECT_EQ(listed("() \"/\" \"Entw&APw-rfe &- mehr\"").name(), "Entw\xc3\xbcrfe & mehr");
    EXPECT_EQ(listed("() \"/\" \"Entw\xc3\xbcrfe\"").name(), "Entw\xc3\xbcrfe");
    EXPECT_EQ(listed("() \"/\" \"A & B\"").name(), "A & B");
    EXPECT_EQ(listed("() \"/\" \"caf\xe9\"").name(), "caf_");
    EXPECT_EQ(listed("() NIL \"flat/name\"").levels, std::vector<std::string>{"flat/name"});
    EXPECT_EQ(listed("() \"/\" \"a//b/\"").name(), "a/b");
    EXPECT_TRUE(listed("() \"/\" \"\"").levels.empty());
    EXPECT_FALSE(listed("(\\NoSelect \\HasChildren) \"/\" a").selectable);
    EXPECT_FALSE(listed("(\\nonexistent \\Subscribed) \"/\" a").selectable);
    EXPECT_TRUE(listed("(\\Subscribed) \"/\" a").subscribed);
    EXPECT_EQ(listed("(\\HasNoChildren \\SENT) \"/\" a").special_use, "\\Sent");
}

const std::vector<OwnMailbox> kOwn = {{"INBOX", ""},          {"Sent", "\\Sent"},
                                      {"Drafts", "\\Drafts"}, {"Trash", "\\Trash"},
                                      {"Junk", "\\Junk"},     {"Archive", "\\Archive"}};

std::string mailbox_of(const FolderMapping& mapping, std::string_view folder) {
    const auto found = std::ranges::find_if(
        mapping.folders, [&](const MappedFolder& one) { return one.source.name() == folder; });
    return found == mapping.folders.end() ? "" : found->mailbox;
}

TEST(Folders, SpecialUsesGoToOurs) {
    const FolderMapping mapping =
        map_folders({listed("() \"/\" INBOX"), listed("(\\Sent) \"/\" \"Elementos enviados\""),
                     listed("() \"/\" Sent"), listed("() \"/\" Spam"),
                     listed("() \"/\" \"Deleted Items\""), listed("() \"/\" Work/Sent"),
                     listed("(\\All) \"/\" \"All Mail\""), listed("(\\Noselect) \"/\" Work")},
                    kOwn, {});
    EXPECT_EQ(mailbox_of(mapping, "INBOX"), "INBOX");
    EXPECT_EQ(mailbox_of(mapping, "Elementos enviados"), "Sent");
    // The server tells which is the one for sent mail: this is another, of ours the same name.
    EXPECT_EQ(mailbox_of(mapping, "Sent"), "Sent");
    EXPECT_EQ(mailbox_of(mapping, "Spam"), "Junk");
    EXPECT_EQ(mailbox_of(mapping, "Deleted Items"), "Trash");
    EXPECT_EQ(mailbox_of(mapping, "Work/Sent"), "Work/Sent");
    EXPECT_EQ(mailbox_of(mapping, "All Mail"), "");
    EXPECT_EQ(mailbox_of(mapping, "Work"), "");
    EXPECT_EQ(mapping.folders.size(), 6u);
    EXPECT_EQ(std::ranges::count(mapping.folders, true, &MappedFolder::create), 1);
}

TEST(Folders, AUseThatWeHaveNotIsMade) {
    const FolderMapping mapping =
        map_folders({listed("(\\Sent) \"/\" Gesendet"), listed("() \"/\" x")}, {{"INBOX", ""}}, {});
    ASSERT_EQ(mapping.folders.size(), 2u);
    EXPECT_EQ(mapping.folders[0].mailbox, "Gesendet");
    EXPECT_EQ(mapping.folders[0].special_use, "\\Sent");
    EXPECT_TRUE(mapping.folders[0].create);
    EXPECT_EQ(mapping.folders[1].special_use, "");
}

TEST(Folders, NamesThatOursCannotHave) {
    const FolderMapping mapping =
        map_folders({listed("() \".\" \"a/b.c\""), listed("() \"/\" \"Other Users/x\""),
                     listed("() \"/\" \"" + std::string(2000, 'x') + "\"")},
                    kOwn, {});
    EXPECT_EQ(mailbox_of(mapping, "a/b/c"), "a_b/c");
    EXPECT_EQ(mapping.folders.size(), 1u);
    EXPECT_EQ(mapping.failures.size(), 2u);
}

TEST(Folders, Chosen) {
    const std::vector<RemoteFolder> folders = {listed("() \"/\" INBOX"), listed("() \"/\" Work"),
                                               listed("() \"/\" Work/2026"),
                                               listed("(\\All) \"/\" All")};
    EXPECT_EQ(map_folders(folders, kOwn, {{"Work*"}, {}}).folders.size(), 2u);
    EXPECT_EQ(map_folders(folders, kOwn, {{}, {"Work/*"}}).folders.size(), 2u);
    EXPECT_EQ(map_folders(folders, kOwn, {{"Work*", "All"}, {"Work"}}).folders.size(), 2u);
}

}  // namespace
}  // namespace gatepost::tools
