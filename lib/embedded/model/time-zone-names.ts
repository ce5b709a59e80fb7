/**
 * The names of the IANA time zone database, links included, in the order in which a node lists them. Each row has what
 * stands before the first slash, and the rest of the names.
 */
const names: readonly (readonly [area: string, places: string])[] = [
  ['', 'UTC'],
  ['Europe', 'Amsterdam'],
  [
    'Africa',
    'Abidjan Accra Addis_Ababa Algiers Asmara Bamako Bangui Banjul Bissau Blantyre Brazzaville Bujumbura Cairo ' +
      'Casablanca Ceuta Conakry Dakar Dar_es_Salaam Djibouti Douala El_Aaiun Freetown Gaborone Harare ' +
      'Johannesburg Juba Kampala Khartoum Kigali Kinshasa Lagos Libreville Lome Luanda Lubumbashi Lusaka Malabo ' +
      'Maputo Maseru Mbabane Mogadishu Monrovia Nairobi Ndjamena Niamey Nouakchott Ouagadougou Porto-Novo ' +
      'Sao_Tome Tripoli Tunis Windhoek',
  ],
  [
    'America',
    'Adak Anchorage Anguilla Antigua Araguaina Argentina/Buenos_Aires Argentina/Catamarca Argentina/Cordoba ' +
      'Argentina/Jujuy Argentina/La_Rioja Argentina/Mendoza Argentina/Rio_Gallegos Argentina/Salta ' +
      'Argentina/San_Juan Argentina/San_Luis Argentina/Tucuman Argentina/Ushuaia Aruba Asuncion Atikokan Bahia ' +
      'Bahia_Banderas Barbados Belem Belize Blanc-Sablon Boa_Vista Bogota Boise Cambridge_Bay Campo_Grande Cancun ' +
      'Caracas Cayenne Cayman Chicago Chihuahua Costa_Rica Creston Cuiaba Curacao Danmarkshavn Dawson ' +
      'Dawson_Creek Denver Detroit Dominica Edmonton Eirunepe El_Salvador Fort_Nelson Fortaleza Glace_Bay ' +
      'Goose_Bay Grand_Turk Grenada Guadeloupe Guatemala Guayaquil Guyana Halifax Havana Hermosillo ' +
      'Indiana/Indianapolis Indiana/Knox Indiana/Marengo Indiana/Petersburg Indiana/Tell_City Indiana/Vevay ' +
      'Indiana/Vincennes Indiana/Winamac Inuvik Iqaluit Jamaica Juneau Kentucky/Louisville Kentucky/Monticello ' +
      'Kralendijk La_Paz Lima Los_Angeles Lower_Princes Maceio Managua Manaus Marigot Martinique Matamoros ' +
      'Mazatlan Menominee Merida Metlakatla Mexico_City Miquelon Moncton Monterrey Montevideo Montserrat Nassau ' +
      'New_York Nipigon Nome Noronha North_Dakota/Beulah North_Dakota/Center North_Dakota/New_Salem Nuuk Ojinaga ' +
      'Panama Pangnirtung Paramaribo Phoenix Port-au-Prince Port_of_Spain Porto_Velho Puerto_Rico Punta_Arenas ' +
      'Rainy_River Rankin_Inlet Recife Regina Resolute Rio_Branco Santarem Santiago Santo_Domingo Sao_Paulo ' +
      'Scoresbysund Sitka St_Barthelemy St_Johns St_Kitts St_Lucia St_Thomas St_Vincent Swift_Current Tegucigalpa ' +
      'Thule Thunder_Bay Tijuana Toronto Tortola Vancouver Whitehorse Winnipeg Yakutat Yellowknife',
  ],
  ['Antarctica', 'Casey Davis DumontDUrville Macquarie Mawson McMurdo Palmer Rothera Syowa Troll Vostok'],
  ['Arctic', 'Longyearbyen'],
  [
    'Asia',
    'Aden Almaty Amman Anadyr Aqtau Aqtobe Ashgabat Atyrau Baghdad Bahrain Baku Bangkok Barnaul Beirut Bishkek ' +
      'Brunei Chita Choibalsan Colombo Damascus Dhaka Dili Dubai Dushanbe Famagusta Gaza Hebron Ho_Chi_Minh ' +
      'Hong_Kong Hovd Irkutsk Jakarta Jayapura Jerusalem Kabul Kamchatka Karachi Kathmandu Khandyga Kolkata ' +
      'Krasnoyarsk Kuala_Lumpur Kuching Kuwait Macau Magadan Makassar Manila Muscat Nicosia Novokuznetsk ' +
      'Novosibirsk Omsk Oral Phnom_Penh Pontianak Pyongyang Qatar Qostanay Qyzylorda Riyadh Sakhalin Samarkand ' +
      'Seoul Shanghai Singapore Srednekolymsk Taipei Tashkent Tbilisi Tehran Thimphu Tokyo Tomsk Ulaanbaatar ' +
      'Urumqi Ust-Nera Vientiane Vladivostok Yakutsk Yangon Yekaterinburg Yerevan',
  ],
  ['Atlantic', 'Azores Bermuda Canary Cape_Verde Faroe Madeira Reykjavik South_Georgia St_Helena Stanley'],
  [
    'Australia',
    'Adelaide Brisbane Broken_Hill Currie Darwin Eucla Hobart Lindeman Lord_Howe Melbourne Perth Sydney',
  ],
  ['Canada', 'Atlantic Central Eastern Mountain Newfoundland Pacific'],
  [
    'Europe',
    'Andorra Astrakhan Athens Belgrade Berlin Bratislava Brussels Bucharest Budapest Busingen Chisinau ' +
      'Copenhagen Dublin Gibraltar Guernsey Helsinki Isle_of_Man Istanbul Jersey Kaliningrad Kiev Kirov Lisbon ' +
      'Ljubljana London Luxembourg Madrid Malta Mariehamn Minsk Monaco Moscow Oslo Paris Podgorica Prague Riga ' +
      'Rome Samara San_Marino Sarajevo Saratov Simferopol Skopje Sofia Stockholm Tallinn Tirane Ulyanovsk ' +
      'Uzhgorod Vaduz Vatican Vienna Vilnius Volgograd Warsaw Zagreb Zaporozhye Zurich',
  ],
  ['', 'GMT'],
  ['Indian', 'Antananarivo Chagos Christmas Cocos Comoro Kerguelen Mahe Maldives Mauritius Mayotte Reunion'],
  [
    'Pacific',
    'Apia Auckland Bougainville Chatham Chuuk Easter Efate Enderbury Fakaofo Fiji Funafuti Galapagos Gambier ' +
      'Guadalcanal Guam Honolulu Kiritimati Kosrae Kwajalein Majuro Marquesas Midway Nauru Niue Norfolk Noumea ' +
      'Pago_Pago Palau Pitcairn Pohnpei Port_Moresby Rarotonga Saipan Tahiti Tarawa Tongatapu Wake Wallis',
  ],
  ['US', 'Alaska Arizona Central Eastern Hawaii Mountain Pacific'],
  ['Africa', 'Asmera Timbuktu'],
  [
    'America',
    'Argentina/ComodRivadavia Atka Buenos_Aires Catamarca Coral_Harbour Cordoba Ensenada Fort_Wayne Godthab ' +
      'Indianapolis Jujuy Knox_IN Louisville Mendoza Montreal Porto_Acre Rosario Santa_Isabel Shiprock Virgin',
  ],
  ['Antarctica', 'South_Pole'],
  [
    'Asia',
    'Ashkhabad Calcutta Chongqing Chungking Dacca Harbin Istanbul Kashgar Katmandu Macao Rangoon Saigon ' +
      'Tel_Aviv Thimbu Ujung_Pandang Ulan_Bator',
  ],
  ['Atlantic', 'Faeroe Jan_Mayen'],
  ['Australia', 'ACT Canberra LHI NSW North Queensland South Tasmania Victoria West Yancowinna'],
  ['Brazil', 'Acre DeNoronha East West'],
  ['', 'CET CST6CDT'],
  ['Canada', 'Saskatchewan Yukon'],
  ['Chile', 'Continental EasterIsland'],
  ['', 'Cuba EET EST EST5EDT Egypt Eire'],
  [
    'Etc',
    'GMT GMT+0 GMT+1 GMT+10 GMT+11 GMT+12 GMT+2 GMT+3 GMT+4 GMT+5 GMT+6 GMT+7 GMT+8 GMT+9 GMT-0 GMT-1 GMT-10 ' +
      'GMT-11 GMT-12 GMT-13 GMT-14 GMT-2 GMT-3 GMT-4 GMT-5 GMT-6 GMT-7 GMT-8 GMT-9 GMT0 Greenwich UCT UTC ' +
      'Universal Zulu',
  ],
  ['Europe', 'Belfast Nicosia Tiraspol'],
  [
    '',
    'GB GB-Eire GMT+0 GMT-0 GMT0 Greenwich HST Hongkong Iceland Iran Israel Jamaica Japan Kwajalein Libya MET ' +
      'MST MST7MDT',
  ],
  ['Mexico', 'BajaNorte BajaSur General'],
  ['', 'NZ NZ-CHAT Navajo PRC PST8PDT'],
  ['Pacific', 'Johnston Ponape Samoa Truk Yap'],
  ['', 'Poland Portugal ROC ROK Singapore Turkey UCT'],
  ['US', 'Aleutian East-Indiana Indiana-Starke Michigan Samoa'],
  ['', 'Universal W-SU WET Zulu'],
  ['America', 'Ciudad_Juarez'],
  ['Europe', 'Kyiv'],
  ['Pacific', 'Kanton'],
  ['America', 'Coyhaique'],
];

/** All names of time zones. */
export const timeZoneNames: readonly string[] = names.flatMap(([area, places]) =>
  places.split(' ').map((place) => (area ? `${area}/${place}` : place)),
);
