"""Names of a Kenyan lake town: people of several communities, their businesses, zones and streets."""

from typing import Final, NamedTuple


class Community(NamedTuple):
    """How one community names its people; ``weight`` is its share of the town in per mille."""

    weight: int
    women: tuple[str, ...]
    women_middle: tuple[str, ...]
    men: tuple[str, ...]
    men_middle: tuple[str, ...]
    family: tuple[str, ...]


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_WOMEN: Final = _names(
    "Grace Mary Jane Faith Mercy Esther Ruth Lilian Caroline Beatrice Rose Agnes Pamela Irene Eunice Judith Lucy Ann "
    "Susan Nancy Dorcas Winnie Sharon Brenda Vivian Millicent Joyce Hellen Christine Phoebe Salome Margaret"
)
_MEN: Final = _names(
    "James Peter John Joseph Paul David Daniel Samuel Stephen George Charles Michael Kennedy Dennis Brian Kevin "
    "Collins Evans Felix Victor Moses Elijah Isaac Jacob Philip Thomas Tom Fredrick Vincent Benard Geoffrey Edwin Erick"
)

COMMUNITIES: Final = (
    Community(
        430,
        _WOMEN,
        _names("Akinyi Achieng Atieno Adhiambo Awuor Anyango Apiyo Adongo Akoth Auma Awino Aoko Akeyo Aluoch"),
        _MEN,
        _names("Odhiambo Ochieng Omondi Owuor Onyango Opiyo Odongo Okoth Ouma Owino Okeyo Oduor Juma Oluoch"),
        _names(
            "Otieno Odhiambo Ochieng Omondi Owuor Onyango Opiyo Odongo Okoth Ouma Owino Okello Ogola Oloo Obiero "
            "Oginga Odinga Ogutu Nyong'o Olale Orengo Outa Oyugi Rabuor Abuya Amolo Ayieko Ondiek Osewe Oluoch"
        ),
    ),
    Community(
        170,
        _WOMEN,
        _names("Nafula Naliaka Nekesa Nasimiyu Nanjala Nabwire Nelima Nasambu"),
        _MEN,
        _names("Khisa Wafula Wekesa Simiyu Barasa Juma Makokha Wanyama"),
        _names(
            "Wafula Wekesa Simiyu Barasa Wanjala Makokha Mukhwana Shikuku Khaemba Mudavadi Wetangula Masinde Lusweti "
            "Nyongesa Kundu Muliro Shitanda Ambani"
        ),
    ),
    Community(
        110,
        _WOMEN,
        _names("Wanjiku Njeri Wambui Wangari Nyambura Wairimu Wanjiru Nyokabi"),
        _MEN,
        _names("Mwangi Kamau Njoroge Karanja Kariuki Maina Gichuki Waweru"),
        _names(
            "Mwangi Kamau Njoroge Karanja Kariuki Maina Ng'ang'a Macharia Gitau Kimani Githinji Waweru Muriithi "
            "Ndung'u Mbugua Gathoni Kibaki Muchiri"
        ),
    ),
    Community(
        70,
        _WOMEN,
        _names("Mwende Ndinda Mumbua Kalondu Syokau Mbithe Wavinya Katunge"),
        _MEN,
        _names("Mutua Musyoka Kioko Muthama Mutinda Mumo Kyalo"),
        _names("Mutua Musyoka Kioko Mutiso Nzioka Kilonzo Muthama Makau Wambua Ndambuki Mulwa Munyao"),
    ),
    Community(
        80,
        _WOMEN,
        _names("Chebet Jepkosgei Cherono Jeptoo Chepkoech Jerop Chelangat Jepchirchir"),
        _MEN,
        _names("Kiprop Kipchoge Kiplagat Kipkemboi Kibet Kiprono Kimutai"),
        _names("Kiprotich Kiptoo Cheruiyot Koech Rotich Langat Korir Sang Kosgei Bett Keter Ruto Chepkwony"),
    ),
    Community(
        50,
        _names("Amina Halima Fatuma Hodan Sahra Ifrah Fowzia Nasra"),
        _names("Abdi Hassan Mohamed Ali Noor Adan Warsame Hussein Osman"),
        _names("Mohamed Abdi Hassan Ahmed Yusuf Ibrahim Omar Farah"),
        _names("Abdi Hassan Mohamed Ali Noor Adan Warsame Hussein Osman"),
        _names("Abdullahi Farah Warsame Hussein Adan Noor Dahir Jama Guled Bare Aden Sheikh"),
    ),
    Community(
        50,
        _names("Aisha Khadija Zainab Mwanaidi Rehema Zawadi Salma Asha"),
        _names("Juma Omar Salim Mwinyi Hamisi Athman Said"),
        _names("Salim Said Khalid Rashid Bakari Hamisi Ali Suleiman"),
        _names("Juma Omar Salim Mwinyi Hamisi Athman Said"),
        _names("Mwinyi Bakari Shariff Al-Amin Swaleh Mazrui Hamisi Kombo Mbarak Athman"),
    ),
    Community(
        40,
        _names("Anjali Priya Neha Kavita Meena Asha Hansa Harpreet"),
        _names("Kantilal Maganlal Ramji Devi Kaur"),
        _names("Rajesh Sanjay Vijay Hitesh Bharat Jignesh Gurdeep Kiran"),
        _names("Kantilal Maganlal Ramji Singh Lal"),
        _names("Patel Shah Desai Mehta Joshi Bhatt Virdee Sandhu Dhillon Lakhani Jiwa Popat"),
    ),
)

BUSINESSES: Final = (
    "{family} & Sons Hardware",
    "{family} Enterprises Ltd",
    "Mama {given} Hotel",
    "{family} & Co. Advocates",
    "{given}'s Salon",
    "{zone} Fresh Fish Traders",
    "{family} Electricals Ltd",
    "{zone} Posho Mill",
    "New {zone} Butchery",
    "{family} Brothers Garage",
    "{zone} View Apartments",
    "Al-Noor Wholesalers ({family})",
    "St. {given}'s Dispensary",
    "{zone} Jua Kali, Welders",
)

ZONES: Final = ("Kondele", "Migosi", "Nyalenda", "Manyatta", "Mamboleo", "Milimani", "Kibos", "Dunga")

STREETS: Final = (
    "Kondele Rd",
    "Oginga St",
    "Jomo Kenyatta Hwy",
    "Kakamega Rd",
    "Ring Rd",
    "Nairobi Rd",
    "Obote Rd",
    "Ang'awa Ave",
    "Market Rd",
    "Station Rd",
    "Airport Rd",
    "Dunga Beach Rd",
)

PLACES: Final = ("House", "Shop", "Rental", "Plot", "Kiosk", "Flat", "Stall", "Workshop")
