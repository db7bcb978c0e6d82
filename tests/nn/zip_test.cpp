// Archives that say two things of one byte, or nothing of some.
#include "nn/io/zip.hpp"

#include <gtest/gtest.h>

#include "simulator/error.hpp"
#include "tests/stored_zip.hpp"

namespace ohmic {
namespace {

std::string said(const std::string& bytes) {
  try {
    ZipFile zip(bytes, "a.zip");
    for (const ZipFile::Entry& entry : zip.entries()) zip.read(entry);
  } catch (const DataError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Zip, EndsWhereItSays) {
  const std::string whole = test::stored_zip({{"x", "abc"}, {"y", "de"}});
  EXPECT_EQ(said(whole), "accepted");
  EXPECT_EQ(said(whole + "junk"), "a.zip: is a damaged zip archive: it should end after " +
                                      std::to_string(whole.size()) + " bytes, and has " +
                                      std::to_string(whole.size() + 4));
}

TEST(Zip, AnEntryHasOneName) {
  std::string other = test::stored_zip({{"x", "abc"}, {"y", "de"}});
  other[other.find("PK\x03\x04") + 30] = 'z';
  EXPECT_EQ(said(other), "a.zip: is a damaged zip archive: x has another name where it stands");
}

TEST(Zip, EntriesStandApart) {
  std::string two = test::stored_zip({{"x", "abc"}, {"y", "abc"}});
  const std::size_t second = two.rfind("PK\x01\x02");
  two.replace(second + 42, 4, 4, '\0');  // where the first one is
  EXPECT_EQ(said(two), "a.zip: is a damaged zip archive: its entries x and y overlap");
}

}  // namespace
}  // namespace ohmic
